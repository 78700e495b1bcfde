# python: 3.10-
class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y


def f(point):
    match point:
        case Point(0, 0):
            return "origin"
        case Point(x=0):
            return "axis"
        case Point(x=x, y=y):
            return x + y
        case int() | str():
            return "other"
    return None


for point in (Point(0, 0), Point(0, 1), Point(1, 1), 1, 2.5):
    f(point)
