while False:
    x = 1  # cov: none
y = 1
