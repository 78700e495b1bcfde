while ():
    @d
    class C:
        f(
        )
