for x in range(2):
    for y in range(2):
        z = x + y
w = 1
