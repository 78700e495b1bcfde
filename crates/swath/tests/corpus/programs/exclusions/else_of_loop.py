for x in range(2):
    break
else:  # pragma: no cover  # cov: excluded
    y = 1  # cov: excluded
z = 1
