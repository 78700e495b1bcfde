class Box:
    if True:
        x: int
        y: int = 1


Box()
