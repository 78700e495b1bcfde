def items():
    total = 0
    while True:
        x = yield total
        if x is None:
            break
        total += x


it = items()
next(it)
it.send(1)
it.send(2)
try:
    it.send(None)
except StopIteration:
    pass
