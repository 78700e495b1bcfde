x = 4
while x:
    x -= 1
    if x % 2:
        continue
    y = x
z = 1
