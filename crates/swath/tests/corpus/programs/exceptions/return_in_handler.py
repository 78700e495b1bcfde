def f(x):
    try:
        1 / x
    except ZeroDivisionError:
        return 0
    finally:
        y = 1
    return y


f(0)
f(1)
