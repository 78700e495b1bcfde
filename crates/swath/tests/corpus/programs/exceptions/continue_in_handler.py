for x in range(3):
    try:
        1 / (x - 1)
    except ZeroDivisionError:
        continue
    y = x
z = 1
