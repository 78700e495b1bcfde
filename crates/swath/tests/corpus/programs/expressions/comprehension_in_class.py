class Box:
    xs = [x for x in range(2)]
    ys = {x: y for x in range(2) for y in range(2)}
