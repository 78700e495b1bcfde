for x in (0, 1):
    try:
        1 / x
    except ZeroDivisionError:
        pass
