def items():
    try:
        yield 1
        yield 2
    except GeneratorExit:  # cov: miss
        x = 1  # cov: miss
    finally:
        y = 1


for item in items():
    z = item
