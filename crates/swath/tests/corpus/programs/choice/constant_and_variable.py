x = 1
if x and False:  # cov: 1/2
    y = 1  # cov: none  # cov[3.8-3.9]: miss
else:
    y = 2
