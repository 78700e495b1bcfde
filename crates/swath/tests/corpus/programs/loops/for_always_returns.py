def f(xs):
    for x in xs:  # cov: 1/2
        if x:
            return x


f([0, 1])
