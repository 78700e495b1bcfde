x = 2
while x:
    x -= 1
y = x
