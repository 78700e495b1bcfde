def f():
    return f()


try:
    f()
except RecursionError:
    x = 1
