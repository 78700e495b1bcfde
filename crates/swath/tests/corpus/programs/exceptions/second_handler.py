def f():
    try:
        {}["x"]
    except ValueError:
        return 1  # cov: miss
    except KeyError:
        return 2


f()
