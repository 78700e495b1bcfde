# python: 3.10-
from contextlib import nullcontext


def f(x):
    match x:
        case 0:
            with nullcontext():
                y = 1
        case _:
            with nullcontext():
                return 2
    return y


f(0)
f(1)
