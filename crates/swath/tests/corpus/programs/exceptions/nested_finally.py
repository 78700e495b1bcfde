def f(x):
    try:
        try:
            if x:
                return 1
        finally:
            y = 1
    finally:
        z = 2
    return y + z


f(0)
f(1)
