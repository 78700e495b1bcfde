x = 0
while 1:
    x += 1
    if x == 3:
        break
y = x
