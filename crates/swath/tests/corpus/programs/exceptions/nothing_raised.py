try:
    x = 1
except ValueError:  # cov: miss
    x = 2  # cov: miss
y = x
