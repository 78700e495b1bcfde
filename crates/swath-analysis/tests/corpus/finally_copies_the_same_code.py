try:
    pass
except E as e:
    pass
finally:
    with x, y, z as w:
        @d(
    1)
        def f():
            pass
        with f(
            x) as y:
            if 0 and x:
                x = lambda a, b=1: a
