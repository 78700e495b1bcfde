x = 0
if x: y = 1  # pragma: no cover  # cov: excluded
z = 1
