def f(xs):
    return [1 / x for x in xs]


try:
    f([1, 0])
except ZeroDivisionError:
    pass
