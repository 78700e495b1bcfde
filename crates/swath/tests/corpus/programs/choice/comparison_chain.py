def f(x):
    if 0 < x < 10:
        return True
    return False


f(5)
f(50)
