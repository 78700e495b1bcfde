def items():
    yield 1
    raise ValueError


try:
    for x in items():  # cov: 1/2
        y = x
    y = 2  # cov: miss
except ValueError:
    y = 3
