def fallback():
    return 1


def f(x=fallback()):
    if x is None:  # cov: 1/2
        x = 2  # cov: miss
    return x


f()
