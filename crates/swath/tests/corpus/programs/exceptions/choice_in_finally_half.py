def f(x):
    try:
        y = 1
    finally:
        if x:  # cov: 1/2
            y = 2  # cov: miss
    return y


f(0)
