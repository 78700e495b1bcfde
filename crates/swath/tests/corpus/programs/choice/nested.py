def f(x, y):
    if x:
        if y:
            return 3
        return 2
    elif y:  # cov: 1/2
        return 1  # cov: miss
    return 0


f(1, 1)
f(1, 0)
f(0, 0)
