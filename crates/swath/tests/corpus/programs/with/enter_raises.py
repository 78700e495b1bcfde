class Context:
    def __enter__(self):
        raise ValueError

    def __exit__(self, *args):
        return True  # cov: miss


try:
    with Context():
        x = 1  # cov: miss
except ValueError:
    y = 1
