f = lambda: 1
g = lambda x: (
    x
)
h = lambda x: x if x else 0
f()
h(0)
