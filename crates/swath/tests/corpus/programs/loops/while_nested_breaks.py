x = 0
while True:
    while True:
        x += 1
        break
    if x > 2:
        break
y = x
