def fail():
    raise ValueError


try:
    if fail():  # cov: 0/2
        x = 1  # cov: miss
    else:
        x = 2  # cov: miss
except ValueError:
    x = 3
