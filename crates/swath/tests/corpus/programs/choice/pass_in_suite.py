x = 0
if x:  # cov: 1/2
    pass  # cov: miss
else:
    pass
