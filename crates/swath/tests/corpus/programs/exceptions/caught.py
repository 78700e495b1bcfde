try:
    raise ValueError
    x = 1  # cov: none  # cov[3.8-3.9]: miss
except ValueError:
    x = 2
y = x
