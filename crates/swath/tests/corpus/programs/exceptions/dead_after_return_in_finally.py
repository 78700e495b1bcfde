def f(x):
    try:
        x = 1
    finally:
        return x
    x = 2  # cov: none  # cov[3.8-3.9]: miss
    "text"  # cov: none  # cov[3.9]: miss


f(1)
