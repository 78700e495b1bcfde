items = [1, 2, 3]
for index, x in enumerate(list(items)):
    if x == 2:
        del items[index]
        continue
    y = x
