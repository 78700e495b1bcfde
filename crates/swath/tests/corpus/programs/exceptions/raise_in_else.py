def f():
    try:
        x = 1
    except ValueError:  # cov: miss
        x = 2  # cov: miss
    else:
        raise KeyError(x)
    return x  # cov: miss


try:
    f()
except KeyError:
    pass
