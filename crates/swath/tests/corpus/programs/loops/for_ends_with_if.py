def f(xs):
    total = 0
    for x in xs:
        if x:
            total += x
    return total


f([0, 1])
