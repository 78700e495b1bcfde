# python: 3.10-
def f(x):
    try:
        match x:
            case 0:
                return 1 / x
            case _:
                return 2
    except ZeroDivisionError:
        return 3
    finally:
        y = 1


f(0)
f(1)
