# python: 3.10-
def f(x):
    match x:
        case _ if x > 1:
            return 1
    return 2


f(1)
f(2)
