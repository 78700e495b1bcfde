def f():
    try:
        1 / 0
    except missing:
        x = 1  # cov: miss


try:
    f()
except NameError:
    pass
