# python: 3.10-
def f(x):
    match x:
        case 1 if True:
            return 1
        case 2 if False:  # cov: 1/2
            return 2  # cov: none
        case _:
            return 3


f(1)
f(2)
