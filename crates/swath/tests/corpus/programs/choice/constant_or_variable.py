x = 0
if True or x:  # cov: 1/2
    y = 1
else:
    y = 2  # cov: none  # cov[3.8-3.9]: miss
