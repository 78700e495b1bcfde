def f(x, y):
    if (x if y else not x):
        return 1
    return 2


f(1, 1)
f(1, 0)
