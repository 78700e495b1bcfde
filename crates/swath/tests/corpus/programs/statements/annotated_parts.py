class Box:
    pass


Box.x: int = 1
Box.y: int
items = [1]
items[0]: int = 2
(y): int = 3
