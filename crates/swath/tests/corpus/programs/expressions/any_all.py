def f(xs):
    return any(x > 1 for x in xs) and all(
        x
        for x in xs
    )


f([1, 2])
f([0])
