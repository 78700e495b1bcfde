def f(x):
    if x:
        return 1
    else:
        return 2
    return 3  # cov: none  # cov[3.8-3.9]: miss


f(0)
f(1)
