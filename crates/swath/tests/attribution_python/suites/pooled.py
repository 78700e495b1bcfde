import stand_in


def task(place):
    stand_in.ran(place)
    return place


def fail(place):
    stand_in.ran(place)
    raise KeyError(place)
