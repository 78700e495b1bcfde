def f(xs):
    try:
        for x in xs:
            1 / x
    except ZeroDivisionError:
        return 0
    return 1


f([1])
f([1, 0])
