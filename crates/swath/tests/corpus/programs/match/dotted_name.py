# python: 3.10-
class Colour:
    RED = 1


def f(x):
    match x:
        case Colour.RED:
            return "red"
    return "other"


f(1)
f(2)
