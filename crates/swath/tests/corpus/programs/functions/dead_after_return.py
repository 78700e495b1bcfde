def f():
    return 1
    x = 2  # cov: none
    return x  # cov: none  # cov[3.8-3.9]: miss


f()
