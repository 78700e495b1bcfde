def f(x):
    if x:
        raise ValueError(
            "one"
            "two"
        )
    return x


f(0)
try:
    f(1)
except ValueError:
    pass
