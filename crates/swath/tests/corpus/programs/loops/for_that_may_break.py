def f(xs):
    for x in xs:
        if x:
            break
    return 1


f([0])
f([1])
