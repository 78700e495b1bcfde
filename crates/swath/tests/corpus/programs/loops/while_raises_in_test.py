class Fails:
    def __bool__(self):
        raise ValueError


try:
    while Fails():  # cov: 0/2
        x = 1  # cov: miss
    x = 2  # cov: miss
except ValueError:
    x = 3
