# python: 3.10-
def f(x):
    match x:
        case []:
            return 0
        case [a]:
            return a
        case [a, b]:
            return a + b
        case [a, *rest]:
            return rest
        case _:
            return None


for x in ([], [1], [1, 2], [1, 2, 3], 5):
    f(x)
