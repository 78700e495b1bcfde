def f(x):
    try:
        return 1
    finally:
        if x:
            y = 2


f(1)
