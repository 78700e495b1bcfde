def items(x):
    if (yield x):  # cov: 0/2
        yield 1  # cov: miss
    yield 2  # cov: miss


it = items(1)
next(it)
it.close()
