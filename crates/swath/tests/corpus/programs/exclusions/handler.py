try:
    x = 1
except ValueError:  # pragma: no cover  # cov: excluded
    x = 2  # cov: excluded
y = x
