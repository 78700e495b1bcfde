def f(x):
    if x:
        global y
        y = 1
    return x


f(0)
f(1)
