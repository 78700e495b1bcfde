def f(x):
    try:
        1 / x
    except ZeroDivisionError:
        y = 1
    else:
        y = 2
    return y


f(0)
f(1)
