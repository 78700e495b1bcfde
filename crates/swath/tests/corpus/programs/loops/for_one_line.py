for x in range(3): y = x
z = 1
