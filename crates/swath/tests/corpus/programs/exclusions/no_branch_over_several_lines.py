x = 0
if (  # pragma: no branch
    x
):
    y = 1  # cov: miss
z = 1
