x = eval("1 + 1")
y = eval("lambda: 2")()
