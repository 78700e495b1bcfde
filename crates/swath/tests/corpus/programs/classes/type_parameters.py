# python: 3.12-
class Box[T]:
    x = 1

    def f(self, y: T) -> T:
        return y


Box().f(1)
