for x in range(3):  # pragma: no branch
    if x:
        break
z = 1
