if 1:
    x = 1
y = 1
while 1:
    break
z = 1
