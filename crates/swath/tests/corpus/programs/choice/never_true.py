x = 1
if x > 1:  # cov: 1/2
    x = 2  # cov: miss
y = x
