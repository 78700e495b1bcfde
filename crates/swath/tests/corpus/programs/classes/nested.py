class Outer:
    class Inner:
        def f(self):
            return 1

    def g(self):
        return self.Inner().f()


Outer().g()
