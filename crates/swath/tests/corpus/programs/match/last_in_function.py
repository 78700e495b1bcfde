# python: 3.10-
def f(x):
    match x:
        case 1:
            x = 2


f(1)
f(2)
