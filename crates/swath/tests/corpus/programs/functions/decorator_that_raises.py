def wrap(function):
    raise ValueError


try:
    @wrap
    def f():
        return 1  # cov: miss
except ValueError:
    pass
