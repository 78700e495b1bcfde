def f():
    match r():
        case a(x=1) if 0:
            raise E
            (lambda: 1)()
        case b():
            pass
