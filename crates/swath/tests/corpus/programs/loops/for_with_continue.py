for x in range(3):
    if x == 1:
        continue
    y = x
z = 1
