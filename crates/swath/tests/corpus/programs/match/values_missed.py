# python: 3.10-
def f(x):
    match x:
        case 1:  # cov: 1/2
            return "one"
        case 2:  # cov: miss
            return "two"  # cov: miss
    return None  # cov: miss


f(1)
