x, y = 3, 1
while (
    x
    and y
):
    x -= 1
z = 1
