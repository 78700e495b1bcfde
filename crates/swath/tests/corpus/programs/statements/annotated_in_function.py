def f():
    x: int
    y: int = 1
    z: missing
    return y


f()
