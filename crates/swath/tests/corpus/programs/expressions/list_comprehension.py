x = [y for y in range(3)]
x = [
    y
    for y in range(3)
    if y
    if y > 1
]
