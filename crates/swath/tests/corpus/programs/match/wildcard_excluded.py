# python: 3.10-
def f(x):
    match x:
        case 1:
            return 1
        case 2:
            return 2
        case _:  # pragma: no cover  # cov: excluded
            return 3  # cov: excluded


f(1)
f(2)
