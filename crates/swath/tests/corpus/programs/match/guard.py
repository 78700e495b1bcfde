# python: 3.10-
def f(x):
    match x:
        case int() if x > 10:
            return "large"
        case int() if x < 0:  # cov: 1/2
            return "negative"  # cov: miss
        case int():  # cov: 1/2
            return "small"
    return None  # cov: miss


f(20)
f(5)
