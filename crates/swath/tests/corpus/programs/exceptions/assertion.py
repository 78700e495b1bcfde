def f(x):
    assert x, "message"
    return x


f(1)
try:
    f(0)
except AssertionError:
    pass
