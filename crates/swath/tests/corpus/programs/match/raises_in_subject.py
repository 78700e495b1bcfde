# python: 3.10-
def f():
    match 1 / 0:
        case 1:  # cov: miss
            return 1  # cov: miss


try:
    f()
except ZeroDivisionError:
    pass
