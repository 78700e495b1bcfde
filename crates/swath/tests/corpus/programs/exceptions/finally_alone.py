try:
    x = 1
finally:
    y = 2
z = y
