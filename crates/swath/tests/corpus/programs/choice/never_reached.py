def f(x):
    return x
    if x:  # cov: none
        return 1  # cov: none  # cov[3.8-3.9]: miss


f(1)
