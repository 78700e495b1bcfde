total = 0
for x in range(5000):
    if x % 2:
        total += 1
    elif x % 3:
        total += 2
    else:
        total += 3
