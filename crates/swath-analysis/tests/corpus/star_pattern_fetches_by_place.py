def f(a):
    """A text."""
    match a:
        case [x, *_]:
            return x
            x = (lambda:
                2)
        case [*_, y, z]:
            return z
            x = (lambda:
                3)
    import os
