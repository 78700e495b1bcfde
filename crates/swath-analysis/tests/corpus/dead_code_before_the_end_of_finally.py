def f1():
    for x in items():
        try:
            a
            break
        finally:
            return
            fail()
        b
