def f():
    try:
        a
    except B:
        c
    else:
        x = 1
        while 0:
            step()
            if False:
                break
    finally:
        y

def g():
    for x in a:
        try:
            def g(
                x=n()):
                """doc
  string"""
            call(g)
        except Error as e:
            x = y = n()
        except Exception:
            if 0:
                x = y = n()
                break
        finally:
            n()
