def f(x):
    try:
        if x > 1:
            return 5
        elif x: raise KeyError(x)  # cov: 1/2  # cov[3.14-]: 2/2
    except KeyError:
        x = 3
    finally:
        x = 4
    return x


f(1)
f(2)
