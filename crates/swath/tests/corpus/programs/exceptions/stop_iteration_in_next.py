def f(xs):
    it = iter(xs)
    try:
        while True:
            next(it)
    except StopIteration:
        return 1
    return 2  # cov: none  # cov[3.8-3.9]: miss


f([1, 2])
