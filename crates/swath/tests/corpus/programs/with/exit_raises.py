class Context:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        raise ValueError


try:
    with Context():
        x = 1
    y = 1  # cov: miss
except ValueError:
    y = 2
