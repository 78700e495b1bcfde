def f(x: int = 1, *y) -> int:
    return x


if True:
    pass
else:
    class A:
        z = 1
x: int = f()
