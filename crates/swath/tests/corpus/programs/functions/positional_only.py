def f(x, /, y, *, z):
    return x + y + z


f(1, 2, z=3)
