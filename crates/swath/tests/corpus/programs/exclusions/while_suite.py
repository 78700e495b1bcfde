x = 0
while x:  # pragma: no cover  # cov: excluded
    x -= 1  # cov: excluded
z = 1
