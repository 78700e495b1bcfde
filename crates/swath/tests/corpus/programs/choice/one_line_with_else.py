x = 0
if x: y = 1  # cov: 1/2
else: y = 2
z = y
