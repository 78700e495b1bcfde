def fail():
    raise ValueError


try:
    for x in fail():  # cov: 0/2
        y = x  # cov: miss
except ValueError:
    y = 1
