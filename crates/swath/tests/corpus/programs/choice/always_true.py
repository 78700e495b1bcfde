x = 1
if x:  # cov: 1/2
    x = 2
y = x
