def f():
    """One line."""


def g():
    """Several
    lines.
    """
    return 1


f()
g()
