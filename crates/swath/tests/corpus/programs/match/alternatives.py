# python: 3.10-
def f(x):
    match x:
        case 1 | 2 | 3:
            return "few"
        case 4 | _:
            return "many"


f(1)
f(9)
