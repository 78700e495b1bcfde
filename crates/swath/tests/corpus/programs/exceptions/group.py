# python: 3.11-
def f():
    try:
        raise ExceptionGroup("two", [ValueError(1), KeyError(2)])
    except* ValueError:
        x = 1
    except* KeyError as errors:
        x = 2
    return x


f()
