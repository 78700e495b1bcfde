def items():
    yield 1
    yield 2
    yield 3  # cov: miss


it = items()
next(it)
next(it)
