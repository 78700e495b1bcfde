for x in range(1):
    pass
else:
    for y in range(2):
        z = y
