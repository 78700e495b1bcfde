def f(xs):
    return [
        x
        for x in xs
        if x
    ]


f([0, 1])
