def wrap(function):
    return function


@wrap  # pragma: no cover  # cov: excluded
def f():  # cov: excluded
    return 1  # cov: excluded


x = 1
