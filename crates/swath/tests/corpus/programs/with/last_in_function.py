from contextlib import nullcontext


def f(x):
    with nullcontext():
        x()


f(int)
