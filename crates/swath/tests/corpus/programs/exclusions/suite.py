x = 0
if x:  # pragma: no cover  # cov: excluded
    y = 1  # cov: excluded
    y = 2  # cov: excluded
z = 1
