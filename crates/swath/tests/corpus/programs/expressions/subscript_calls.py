calls = {"a": lambda: [1]}
x = calls["a"]()[0]
calls["b"] = lambda y=x: y
calls["b"]()
