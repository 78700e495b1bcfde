def f():
    try:
        1 / 0
    except ZeroDivisionError:
        try:
            {}["x"]
        except KeyError:
            return 1
    return 2  # cov: miss


f()
