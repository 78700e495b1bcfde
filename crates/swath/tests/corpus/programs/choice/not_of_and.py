def f(x, y):
    if not (x and y):
        return 1
    return 2


f(0, 0)
f(1, 1)
