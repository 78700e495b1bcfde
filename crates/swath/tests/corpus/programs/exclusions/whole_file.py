def f():  # pragma: no cover  # cov: excluded
    return 1  # cov: excluded
