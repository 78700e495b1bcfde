from contextlib import contextmanager


@contextmanager
def managed():
    x = 1
    try:
        yield x
    finally:
        x = 2


with managed() as value:
    y = value
