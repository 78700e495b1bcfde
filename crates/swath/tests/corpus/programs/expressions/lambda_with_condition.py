f = lambda x: "yes" if x else "no"
g = lambda: (
    1
    if True
    else 2
)
f(1)
f(0)
