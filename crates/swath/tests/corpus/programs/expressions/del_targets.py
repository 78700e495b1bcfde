x = {"a": 1}
y = z = 1
del x["a"], y
del (
    z
)
del (x)
