x = list(range(10))
y = x[1:2]
z = x[
    1
    :
    5
]
x[0:2] = [
    1,
]
del x[0:1]
