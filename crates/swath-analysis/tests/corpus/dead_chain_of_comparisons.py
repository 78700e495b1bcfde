def f(a):
    return 1
    if 0 < a < 2:
        a
    else:
        while 0:
            a
        else:
            return 2
            a = 1
    global b
