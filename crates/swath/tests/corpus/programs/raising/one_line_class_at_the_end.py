def refused(flag):
    if flag: pass
    class Shape(sides=3): x = 1  # cov[3.14-]: 1/2


def broken(flag):
    if flag: pass
    class Shape: x = int("z")  # cov[3.14-]: 0/2


def made(flag):
    if flag: pass
    class Shape: x = 1


for make in (refused, broken, made):
    for flag in (True, False):
        try:
            make(flag)
        except (TypeError, ValueError):
            pass
