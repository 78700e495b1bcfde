# python: 3.10-
def f(x):
    match x:
        case (1 | 2) as small:
            return small
        case [int() as first, _]:
            return first
        case everything:
            return everything


f(1)
f([1, 2])
f(None)
