def f():
    try:
        raise ValueError
    except ValueError:
        raise KeyError
    finally:
        x = 1


try:
    f()
except KeyError:
    pass
