# python: 3.10-
def f(x):
    match x:
        case int() if (
            x > 10
            and x < 20
        ):
            return 1
        case _:
            return 2


f(15)
f(5)
