def f(a):
    for x in a:
        with a:
            try:
                x
            finally:
                break
                return a(
                )
