# python: 3.10-
def f(x):
    match x:
        case 1:
            return 1
        case 2:  # pragma: no cover  # cov: excluded
            return 2  # cov: excluded
    return 3


f(1)
f(3)
