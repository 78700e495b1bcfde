def inner(x):
    return 1 / x


def outer(x):
    y = inner(x)
    return y


try:
    outer(0)
except ZeroDivisionError:
    pass
outer(1)
