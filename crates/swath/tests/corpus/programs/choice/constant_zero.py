if 0:
    x = 1  # cov: none
x = 2
