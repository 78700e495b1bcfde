def f(xs):
    total = 0
    for x in xs:
        try:
            total += 1 / x
        except ZeroDivisionError:
            total += 1
        else:
            total += 2
        finally:
            total += 3
    return total


f([0, 1])
