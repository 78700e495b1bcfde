def f(x, y=1):
    return 1
    try:
        pass
    except E as e:
        pass
def g(x):
    return x
    x = (y and
         z or w)
    try:
        pass
    except:
        pass
def h():
    return f(
        x)
    pass
def i():
    return f(
        x)
    x = 1 if True else 2
    pass
