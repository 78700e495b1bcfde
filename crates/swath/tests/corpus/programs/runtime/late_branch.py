def f(x):
    if x > 999:
        return 1
    return 0


for x in range(1001):
    f(x)
