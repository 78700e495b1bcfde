def f():
    try:
        x = 1
    finally:
        try:
            1 / 0
        except ZeroDivisionError:
            x = 2
    return x


f()
