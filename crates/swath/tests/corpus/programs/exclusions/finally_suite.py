try:
    x = 1
finally:  # pragma: no cover  # cov: excluded
    x = 2  # cov: excluded
y = x
