x, y = 1, 0
z = x and y or 2
z = (
    x
    and y
    or z
)
