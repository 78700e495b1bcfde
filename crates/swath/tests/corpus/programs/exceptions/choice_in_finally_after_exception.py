def f(x):
    try:
        1 / 0
    finally:
        if x:  # cov[3.10-3.11]: 1/2  # cov[3.14-]: 1/2
            y = 2


for x in (0, 1):
    try:
        f(x)
    except ZeroDivisionError:
        pass
