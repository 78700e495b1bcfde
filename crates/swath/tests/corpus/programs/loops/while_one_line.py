x = 3
while x: x -= 1
y = 1
