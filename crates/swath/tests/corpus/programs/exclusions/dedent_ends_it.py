x = 1
if x:
    if x > 1:  # pragma: no cover  # cov: excluded
        y = 1  # cov: excluded

        # a comment
        z = 2  # cov: excluded
    w = 3
v = 4
