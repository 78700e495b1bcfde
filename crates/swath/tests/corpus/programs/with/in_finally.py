from contextlib import nullcontext


def f():
    try:
        return 1
    finally:
        with nullcontext():
            x = 2


f()
