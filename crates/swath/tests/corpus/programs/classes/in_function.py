def make(base):
    class Made(base):
        def f(self):
            return 1

    return Made


make(object)().f()
