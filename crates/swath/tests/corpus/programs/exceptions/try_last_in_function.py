def f(x):
    try:
        1 / x
    except ZeroDivisionError:
        pass


f(0)
f(1)
