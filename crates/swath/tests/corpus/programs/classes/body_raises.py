try:
    class Box:
        x = 1
        y = 1 / 0
        z = 2  # cov: miss
except ZeroDivisionError:
    pass
