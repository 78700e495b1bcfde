def items(x):
    while x:
        yield x
        x -= 1
    y = 1


for a, b in zip(items(2), items(3)):
    c = a + b
