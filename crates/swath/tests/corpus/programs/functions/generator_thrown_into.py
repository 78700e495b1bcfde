def items():
    while True:
        try:
            yield 1
        except ValueError:
            yield 2
            return


it = items()
next(it)
it.throw(ValueError)
next(it, None)
