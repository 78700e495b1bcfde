def f():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise ValueError(
            "text"
        ) from error


try:
    f()
except ValueError:
    pass
