def items():
    try:
        yield 1
        yield 2  # cov: miss
    finally:
        x = 1


it = items()
next(it)
it.close()
