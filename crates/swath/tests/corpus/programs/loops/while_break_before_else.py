x = 2
while x:  # cov: 1/2
    x -= 1
    break
else:
    y = 1  # cov: miss
z = 1
