x = 2
if x == 1:  # cov: 1/2
    y = 1  # cov: miss
elif True:
    y = 2
else:
    y = 3  # cov: none  # cov[3.8-3.9]: hit
