# A module whose functions are each tested by one test.
def square(side):
    area = side * side
    return area


def rectangle(width, height):
    area = width * height
    return area


def triangle(base, height):
    area = base * height / 2
    return area


def circle(radius):
    area = 3 * radius * radius
    return area


def unasked():
    return "nobody calls this"  # miss
