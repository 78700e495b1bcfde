class Items:
    def __iter__(self):
        return self

    def __next__(self):
        raise KeyError


def f():
    for x in Items():  # cov: 0/2
        y = x  # cov: miss
    return 1  # cov: miss


try:
    f()
except KeyError:
    pass
