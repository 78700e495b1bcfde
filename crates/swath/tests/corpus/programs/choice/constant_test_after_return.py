def f(x):
    return x
    if None:
        f(  # cov: none  # cov[3.8-3.9]: miss
        )


def g(x):
    if not 0:
        return x
    pass  # cov: none  # cov[3.8-3.9]: miss


f(1)
g(1)
