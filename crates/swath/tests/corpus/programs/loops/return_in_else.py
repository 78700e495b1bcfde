def f(xs):
    for x in xs:
        if x:  # cov: 1/2
            break  # cov: miss
    else:
        return 1
    return 2  # cov: miss


f([0])
