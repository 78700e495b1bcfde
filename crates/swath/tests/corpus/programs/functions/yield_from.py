def inner():
    yield 1
    yield 2
    return 3


def outer():
    x = yield from inner()
    yield x


for item in outer():
    y = item
