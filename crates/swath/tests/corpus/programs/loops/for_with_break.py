for x in range(3):  # cov: 1/2
    if x == 1:
        break
y = 1
