try:  # pragma: no cover  # cov: excluded
    x = 1  # cov: excluded
except ValueError:  # cov: miss
    x = 2  # cov: miss
y = x
