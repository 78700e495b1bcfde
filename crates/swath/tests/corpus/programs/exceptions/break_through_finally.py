for x in range(3):  # cov: 1/2
    try:
        if x:
            break
    finally:
        y = x
z = y
