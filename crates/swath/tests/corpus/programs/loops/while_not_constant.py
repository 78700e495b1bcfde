while not False:
    x = 1
    break
y = 1
