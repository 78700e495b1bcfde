# python: 3.10-
def f(x):
    match x:
        case 1:  # cov: 1/2
            y = 1  # cov: miss
        case other:
            y = other
    return y


f(3)
