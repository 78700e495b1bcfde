x = 0
if x:
    y = 1  # cov: miss
y = 2  # pragma: no cover  # cov: excluded
