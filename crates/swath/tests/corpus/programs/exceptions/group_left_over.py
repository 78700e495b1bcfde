# python: 3.11-
def f():
    try:
        raise ExceptionGroup("two", [ValueError(1), KeyError(2)])
    except* ValueError:
        x = 1
    return x  # cov: miss


try:
    f()
except* KeyError:
    y = 1
