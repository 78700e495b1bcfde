for x in range(3):  # cov: 1/2
    try:
        y = x
    except ValueError:  # cov: miss
        y = 0  # cov: miss
    else:
        break
z = 1
