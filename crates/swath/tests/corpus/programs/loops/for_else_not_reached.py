for x in range(2):  # cov: 1/2
    break
else:
    x = 9  # cov: miss
z = x
