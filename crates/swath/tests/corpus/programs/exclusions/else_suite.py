x = 1
if x:
    y = 1
else:  # pragma: no cover  # cov: excluded
    y = 2  # cov: excluded
z = 1
