from contextlib import nullcontext


def f():
    with nullcontext():
        with nullcontext():
            x = 1
    return x


f()
