for x in range(2):  # cov: 1/2
    for y in range(1):
        pass
    else:
        break
z = 1
