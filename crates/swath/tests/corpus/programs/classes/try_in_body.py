class Box:
    try:
        x = 1 / 0
    except ZeroDivisionError:
        x = 2
