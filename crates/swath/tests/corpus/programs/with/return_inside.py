from contextlib import nullcontext


def f(x):
    with nullcontext():
        if x:
            return 1
    return 2


f(0)
f(1)
