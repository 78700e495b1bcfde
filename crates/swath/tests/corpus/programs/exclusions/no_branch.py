x = 0
if x:  # pragma: no branch
    y = 1  # cov: miss
z = 1
