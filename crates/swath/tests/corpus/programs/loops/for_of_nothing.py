for x in ():  # cov: 1/2
    y = x  # cov: miss
z = 1
