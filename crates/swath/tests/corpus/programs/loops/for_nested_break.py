for x in range(2):
    for y in range(2):  # cov: 1/2
        if y:
            break
        z = x
w = 1
