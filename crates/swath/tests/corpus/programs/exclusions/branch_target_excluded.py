def f(x):
    if x:
        raise ValueError  # pragma: no cover  # cov: excluded
    return x


f(0)
