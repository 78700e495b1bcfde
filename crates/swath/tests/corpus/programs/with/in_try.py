from contextlib import nullcontext


def f():
    try:
        with nullcontext():
            1 / 0
    except ZeroDivisionError:
        return 1
    finally:
        x = 2
    return x  # cov: miss


f()
