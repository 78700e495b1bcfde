total = 0
for x in range(3):
    total += x
y = total
