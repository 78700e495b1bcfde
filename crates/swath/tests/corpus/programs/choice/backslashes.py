def f(x, y):
    if x and \
            y:
        return 1
    return 2


f(1, 0)
f(1, 1)
