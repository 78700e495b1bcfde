x, *y = 1, 2, 3
*z, w = y
v = [*y, *z]
print(*[], end="")
