def decorated_class():
    return r()
    @decorator
    class C[T: r()](base()):
        pass


def decorated_function():
    return r()
    @decorator
    def f[T](): pass


def annotated():
    return r()
    def f[T](x: T) -> T:
        pass
