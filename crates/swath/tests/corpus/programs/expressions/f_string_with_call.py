def f(x):
    return x


y = f"{f(1)} {f('b'):>{f(10)}}"
