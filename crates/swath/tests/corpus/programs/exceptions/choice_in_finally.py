def f(x):
    try:
        y = 1
    finally:
        if x:
            y = 2
    return y


f(0)
f(1)
