# python: 3.10-
def f(x):
    match x:
        case 0 if 1 / x:  # cov: 1/2
            return 1  # cov: miss
        case _:
            return 2


f(1)
try:
    f(0)
except ZeroDivisionError:
    pass
