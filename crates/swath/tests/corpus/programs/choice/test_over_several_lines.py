def f(x, y):
    if (
        x
        and y
    ):  # cov: none
        return 1
    return 0


f(1, 1)
f(0, 1)
