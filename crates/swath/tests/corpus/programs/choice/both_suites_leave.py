def f(x):
    if x:  # cov: 1/2
        return 1
    else:
        raise ValueError  # cov: miss


f(1)
