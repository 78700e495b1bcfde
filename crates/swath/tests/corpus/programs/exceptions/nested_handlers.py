def f():
    try:
        try:
            1 / 0
        except KeyError:
            return 1  # cov: miss
    except ZeroDivisionError:
        return 2


f()
