from contextlib import nullcontext


def f():
    with nullcontext():
        raise ValueError
    return 1  # cov: miss


try:
    f()
except ValueError:
    pass
