def fail():
    raise ValueError


def f(x):
    if x:
        return 1
    elif fail():  # cov: 0/2
        return 2  # cov: miss
    return 3  # cov: miss


f(1)
try:
    f(0)
except ValueError:
    pass
