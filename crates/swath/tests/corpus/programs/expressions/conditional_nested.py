def f(x):
    return 1 if x > 1 else 2 if x else 3


f(0)
f(1)
f(2)
