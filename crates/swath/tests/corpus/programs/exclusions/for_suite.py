for x in ():  # pragma: no cover  # cov: excluded
    y = x  # cov: excluded
z = 1
