def f():
    global x


f()
