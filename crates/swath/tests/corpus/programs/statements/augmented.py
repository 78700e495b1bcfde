class Box:
    x = 1


items = [1]
items[0] += 1
items += [
    2,
]
Box.x -= 1
Box.x //= (
    2
)
