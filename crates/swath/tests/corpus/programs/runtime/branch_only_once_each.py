def f(x, y):
    if x:
        if y:  # cov: 1/2
            return 1
        return 2  # cov: miss
    return 3


for x in range(300):
    f(0, 0)
f(1, 1)
