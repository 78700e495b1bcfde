x, y = 3, 1
while x and (y or x > 1):
    x -= 1
z = 1
