def fail(x):
    raise ValueError


def test(x):
    try:
        if x == 1: fail(x)  # cov: 1/2  # cov[3.14-]: hit
        elif x == 2: x = 3
    except ValueError:
        pass
    else:
        return "else"


def stores(x, target):
    try:
        if x: target.name = x  # cov: 1/2  # cov[3.14-]: hit
        else: x = 2
        y = 3
    except AttributeError:
        y = 4
    return y


test(1)
test(3)
stores(1, object())
stores(0, object())
