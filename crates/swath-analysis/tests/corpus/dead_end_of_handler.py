def f():
    try:
        pass
    except:
        return 1
        pass
    pass
