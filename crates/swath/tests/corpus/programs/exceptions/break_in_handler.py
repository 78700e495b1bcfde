for x in range(3):  # cov: 1/2
    try:
        1 / (x - 1)
    except ZeroDivisionError:
        break
    y = x
z = 1
