for x in range(2):
    continue
    y = x  # cov: none  # cov[3.8-3.9]: miss
z = 1
