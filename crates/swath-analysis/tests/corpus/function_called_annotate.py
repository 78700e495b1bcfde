def make(x):
    def __annotate__(format):
        y = 1
        def inner():
            return y
        return inner
    return __annotate__
