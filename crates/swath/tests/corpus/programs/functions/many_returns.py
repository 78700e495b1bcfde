def f(x):
    if x == 0: return 0  # cov: 1/2
    if x == 1: return 1
    if x == 2: return 2  # cov: 1/2
    return 3


f(1)
f(3)
