x = 1
if x:  # cov: 1/2
    y = 1
    pass
pass
