items = [1, 2]
while (item := len(items)):
    items.pop()
y = 1
