for x in range(2):
    y = x
else:
    y = 9
z = y
