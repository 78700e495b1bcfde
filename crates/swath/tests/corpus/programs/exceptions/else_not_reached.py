try:
    1 / 0
except ZeroDivisionError:
    y = 1
else:
    y = 2  # cov: miss
