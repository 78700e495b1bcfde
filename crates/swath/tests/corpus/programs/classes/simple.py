class Empty:
    pass


class Box:
    size = 1

    def __init__(self, size):
        self.size = size

    def grow(self):
        self.size += 1  # cov: miss


Box(2)
