x = 0
while True:
    x += 1
    if x > 1:
        break
else:
    x = 9  # cov: none  # cov[3.8-3.9]: miss
y = x
