def f(a):
    for x in a:
        try:
            x
        finally:
            break
            match a:
                case 1:
                    x
                case _:
                    a
