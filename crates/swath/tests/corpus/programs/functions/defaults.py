def f(x, y=1, *args, z=2, **kwargs):
    return x, y, args, z, kwargs


f(1)
