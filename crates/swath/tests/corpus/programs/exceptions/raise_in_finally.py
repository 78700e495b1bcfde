def f():
    try:
        x = 1
    finally:
        raise KeyError
    return x  # cov: none  # cov[3.8-3.9]: miss


try:
    f()
except KeyError:
    pass
