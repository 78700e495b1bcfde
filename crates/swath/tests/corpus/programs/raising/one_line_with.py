class Swallows:
    def __enter__(self):
        return 1, 2

    def __exit__(self, kind, value, traceback):
        return True


def returns():
    with Swallows(): return 1
    return 2  # cov: miss


def fails():
    with Swallows() as (x, y, z): return 1
    return 2


def raises():
    try:
        with Swallows(): raise KeyError
    finally:
        x = 1
    return x


returns()
fails()
raises()
