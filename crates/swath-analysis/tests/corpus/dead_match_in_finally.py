"""Module docstring.
"""
try:
    pass
finally:
    try:
        pass
    finally:
        assert 0
    match f(x):
        case (y):
            pass
