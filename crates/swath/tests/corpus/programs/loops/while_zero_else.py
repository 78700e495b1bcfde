while 0:
    x = 1  # cov: none
else:
    x = 2
y = 1
