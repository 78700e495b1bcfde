TRUE = True
if TRUE:  # cov: 1/2
    x = 1
else:
    x = 2  # cov: miss
