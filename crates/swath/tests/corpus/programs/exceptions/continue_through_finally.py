for x in range(3):
    try:
        if x:
            continue
        z = 1
    finally:
        y = x
z = y
