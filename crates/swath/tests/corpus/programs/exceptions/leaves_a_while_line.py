class Fails:
    def __init__(self):
        self.left = 2

    def __bool__(self):
        self.left -= 1
        if not self.left:
            raise ValueError
        return True


fails = Fails()
try:
    while fails:  # cov: 1/2
        x = 1
    x = 2  # cov: miss
except ValueError:
    pass
