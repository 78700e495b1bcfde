def items():
    x = yield 1
    y = yield
    return x, y


for item in items():
    z = item
