if None:
    x = 1  # cov: none
else:
    x = 2
