for x in f(y):
    try:
        continue
        lambda: 0
    finally:
        x: int
