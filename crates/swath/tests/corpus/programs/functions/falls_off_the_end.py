def f(x):
    if x:
        return 1


f(0)
f(1)
