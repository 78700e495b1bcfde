def outer():
    x = 1

    def inner():
        nonlocal x
        global y
        x = 2
        y = 3

    inner()
    return x


outer()
