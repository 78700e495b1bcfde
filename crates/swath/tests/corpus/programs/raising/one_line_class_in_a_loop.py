def build(number, kind):
    for one in range(number):
        if one:
            pass
        class Shape: x = kind("1")


def broken(text):
    raise ValueError


def build_later(number, kind):
    for one in range(number):  # cov: 1/2
        if one: pass
        class Shape: x = kind("1")  # cov: 1/2  # cov[3.14-]: 0/2


for kind in (int, broken):
    try:
        build(2, kind)
    except ValueError:
        pass
try:
    build_later(2, broken)
except ValueError:
    pass
