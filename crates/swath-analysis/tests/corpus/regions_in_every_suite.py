try:
    def f():
        pass
except E:
    class C:
        def g(self):
            def h():
                pass
else:
    def i():
        pass
finally:
    def j():
        pass
match x:
    case 1:
        def k():
            class D:
                def l(self): pass
