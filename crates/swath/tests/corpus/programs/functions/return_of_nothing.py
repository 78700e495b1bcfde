def f(x):
    if x:  # cov: 1/2
        return
    x = 1  # cov: miss


f(1)
