def f(x):
    if x:
        return 1
    return 0


for x in range(2000):
    f(x % 2)
