def f():
    raise ValueError
    return 1  # cov: none  # cov[3.8-3.9]: miss


try:
    f()
except ValueError:
    pass
