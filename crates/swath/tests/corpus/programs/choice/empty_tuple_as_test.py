if ():  # cov: 1/2  # cov[3.8-3.9]: none
    x = 1  # cov: none  # cov[3.14-]: miss
else:
    x = 2
