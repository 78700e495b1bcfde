from functools import lru_cache, partial


@lru_cache(maxsize=None)
def f(x, y):
    return x + y


partial(f, 1)(2)
