def f():
    try:
        return 1
    finally:
        x = 2
    return x  # cov: none  # cov[3.8-3.9]: miss


f()
