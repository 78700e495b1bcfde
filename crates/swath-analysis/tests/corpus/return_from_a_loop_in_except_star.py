def f():
    try:
        pass
    except* E:
        for x in y:
            return
