def f(x, y=1):
    pass
while x and y:
    if True:
        x = lambda a, b=1: a
        if (1,):
            pass
    continue
    lambda: 0
