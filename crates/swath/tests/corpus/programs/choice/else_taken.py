x = 0
if x:  # cov: 1/2
    y = 1  # cov: miss
else:
    y = 2
