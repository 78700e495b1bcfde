total = sum(x for x in range(3) if x)
total = sum(
    x
    for x in range(3)
    if x
)
