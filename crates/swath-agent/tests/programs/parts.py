def generates(number):
    yield number
    yield 2


def part(number):
    if number == 0:
        value = "first"
    elif number == 1:
        value = [one for one in generates(3)]
    elif number == 2:
        try:
            raise KeyError(number)
        except KeyError:
            value = None
    elif number == 3:
        value = 3
        for index in range(3):
            value += index
    elif number == 4:
        class Made:
            x = 4
        value = Made.x
    elif number == 5:
        value = "main again"
    elif number == 6:
        value = "in a thread"
    elif number == 7:
        value = "in a child"
    else:
        value = "nobody"  # never
    return value
