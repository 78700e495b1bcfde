x = 2
while x:
    x -= 1
else:
    y = 1
z = 1
