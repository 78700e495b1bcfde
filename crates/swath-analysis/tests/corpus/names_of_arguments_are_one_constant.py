def f(g, h, a, b):
    """A text."""
    if g:
        from os import (path,
            sep)
        return h(a, first=g, second=b)
        return [x for x in a]
    return h(b, first=a,
        second=g)


def imported(g, a):
    """A text."""
    x = ('path', 'sep')
    if g:
        return x
        return [y for y in a]
    from os import path, sep
    return x
