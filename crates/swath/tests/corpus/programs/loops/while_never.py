x = 0
while x:  # cov: 1/2
    x -= 1  # cov: miss
y = x
