class Fails:
    def __bool__(self):
        raise KeyError


def check(flag):
    try:
        if flag: raise KeyError(1)  # cov[3.14-]: 1/2
        x = 1
    except KeyError:
        x = 2
    return x


def again(flag):
    try:
        int("z")
    except ValueError:
        if flag: raise  # cov[3.14-]: 1/2
        x = 3


check(False)
check(Fails())
again(False)
try:
    again(True)
except ValueError:
    x = 4
