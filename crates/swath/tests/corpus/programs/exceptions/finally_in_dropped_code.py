def f(x):
    if None:
        try:
            x = 1
        finally:
            x = 2


f(1)
