x = 0
while True:  # pragma: no branch
    x += 1
    if x > 2:
        break
