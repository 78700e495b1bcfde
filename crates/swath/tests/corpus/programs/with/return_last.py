from contextlib import nullcontext


def f():
    with nullcontext():
        return 1


f()
