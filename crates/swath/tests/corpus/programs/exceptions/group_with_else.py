# python: 3.11-
try:
    x = 1
except* ValueError:  # cov: miss
    x = 2  # cov: miss
else:
    x = 3
finally:
    y = x
