while 1 - 1:
    try:
        pass
    finally:
        with x as y, z:
            class C(B):
                pass
raise E from x
with x:
    class D(
        B):
        pass
