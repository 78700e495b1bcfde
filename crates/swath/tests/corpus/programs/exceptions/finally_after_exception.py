def f():
    try:
        raise ValueError
    finally:
        x = 1
    return x  # cov: none  # cov[3.8-3.9]: miss


try:
    f()
except ValueError:
    pass
