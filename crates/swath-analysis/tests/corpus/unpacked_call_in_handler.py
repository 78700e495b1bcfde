try:
    if not 0:
        pass
    elif f'':
        try:
            import a.b as c
        finally:
            pass
        f(
            y=lambda: 0,
        )
except E:
    f(*x, **y)
