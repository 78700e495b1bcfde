x = 3
while x:
    try:
        x -= 1
    except ValueError:  # cov: miss
        x = 0  # cov: miss
y = 1
