def inner():
    try:
        yield 1
        yield 2  # cov: miss
    finally:
        x = 1


def outer():
    yield from inner()
    yield 3  # cov: miss


it = outer()
next(it)
it.close()
