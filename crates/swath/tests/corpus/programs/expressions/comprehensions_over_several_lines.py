x = {
    y: z
    for y, z in [
        (1, 2),
    ]
}
y = {
    z
    for z in x
}
