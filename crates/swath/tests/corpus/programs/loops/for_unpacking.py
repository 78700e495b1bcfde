for x, (y, *z) in [(1, (2, 3))]:
    w = z
v = 1
