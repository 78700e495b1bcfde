def f(x, y, z):
    if (  # cov: 1/2
        x
        or y
        or z
    ):
        return 1
    return 0  # cov: miss


f(1, 0, 0)
f(0, 1, 0)
