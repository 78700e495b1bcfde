if False:
    x = 1  # cov: none
else:
    x = 2
y = x
