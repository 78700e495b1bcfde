for x in range(4):
    if x > 1:
        if x > 2:
            continue
        y = 1
    z = 1
