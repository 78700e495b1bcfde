def f():
    try:
        x = 1
    except ValueError:  # cov: miss
        x = 2  # cov: miss
    else:
        return x
    finally:
        y = 3
    return y  # cov: miss


f()
