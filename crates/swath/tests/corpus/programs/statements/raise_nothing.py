def f():
    raise
    x = 1  # cov: none  # cov[3.8-3.9]: miss


try:
    f()
except RuntimeError:
    pass
