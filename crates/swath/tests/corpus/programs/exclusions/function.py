def f():  # pragma: no cover  # cov: excluded
    x = 1  # cov: excluded
    return x  # cov: excluded


y = 1
