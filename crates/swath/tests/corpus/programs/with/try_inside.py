from contextlib import nullcontext


def f():
    with nullcontext():
        try:
            1 / 0
        except ZeroDivisionError:
            x = 1
    return x


f()
