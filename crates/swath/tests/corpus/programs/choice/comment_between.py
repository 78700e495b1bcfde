x = 0
if x:  # cov: 1/2
    # nothing here
    y = 1  # cov: miss
# and here
else:
    y = 2
