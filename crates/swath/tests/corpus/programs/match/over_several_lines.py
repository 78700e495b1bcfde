# python: 3.10-
def f(x, y):
    match (
        x,
        y,
    ):
        case (
            1,
            2,
        ):
            return 1
        case _:
            return 2


f(1, 2)
f(2, 2)
