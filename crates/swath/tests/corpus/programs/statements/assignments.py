x = y = 1
x, y = y, x
(x, [y, z]) = 1, (2, 3)
x += 1
y: int = 2
z: int
w = \
    3
