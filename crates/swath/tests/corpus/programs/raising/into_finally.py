class Fails:
    def __bool__(self):
        raise KeyError


def choose(flag):
    try:
        if flag:  # cov[3.14-]: 1/2
            x = 1
    finally:
        x = 2
    return x


def one_line(flag):
    try:
        if flag: int("z")
    finally:
        x = 2
    return x


choose(True)
try:
    choose(Fails())
except KeyError:
    x = 3
for flag in (0, 1):
    try:
        one_line(flag)
    except ValueError:
        x = 4
