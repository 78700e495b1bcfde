x = 1
if x:  # cov: 1/2
    y = 1
else:
    y = 2  # cov: miss
