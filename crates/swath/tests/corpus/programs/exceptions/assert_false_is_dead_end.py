def f():
    assert False
    return 1  # cov: none  # cov[3.8-3.9]: miss


try:
    f()
except AssertionError:
    pass
