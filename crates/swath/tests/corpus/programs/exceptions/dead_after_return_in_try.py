def f():
    try:
        return 1
    except ValueError:  # cov: miss
        return 2  # cov: miss
    return 3  # cov: none  # cov[3.8-3.9]: miss


f()
