x = 1
if x:
    y = 1
elif x is None:  # pragma: no cover  # cov: excluded
    y = 2  # cov: excluded
else:
    y = 3  # cov: miss
z = 1
