x = [  # cov: excluded
    1,
    2,  # pragma: no cover
]
y = 1
