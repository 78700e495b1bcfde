f = lambda: 1  # pragma: no cover  # cov: excluded
g = [
    lambda: 2,
]
