def wrap(function):
    return function


@wrap
def f():
    return 1


f()
