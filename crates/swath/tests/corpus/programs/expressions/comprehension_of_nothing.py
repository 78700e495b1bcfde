x = [y for y in ()]
y = {z: 1 for z in ()}
