def f():
    try:
        return 1
    finally:
        for x in range(2):
            y = x


f()
