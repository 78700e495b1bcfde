def f(x):
    try:
        if x:
            raise ValueError
        raise KeyError
    except (
        ValueError,
        KeyError,
    ) as error:
        return error


f(0)
f(1)
