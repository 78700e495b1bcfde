def items():
    for x in range(3):  # cov: 1/2
        yield x
    y = 1  # cov: miss


it = items()
next(it)
next(it)
it.close()
