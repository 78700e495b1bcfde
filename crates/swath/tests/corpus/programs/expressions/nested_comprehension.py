x = [
    [y * z for y in range(2)]
    for z in range(2)
]
x = [y for z in x for y in z if y or z]
