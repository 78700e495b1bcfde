from contextlib import nullcontext


def f(x):
    with nullcontext():
        if x:
            raise ValueError
    return 1


f(0)
try:
    f(1)
except ValueError:
    pass
