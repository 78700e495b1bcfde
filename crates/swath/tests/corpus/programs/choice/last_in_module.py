x = 0
if x:  # cov: 1/2
    x = 1  # cov: miss
