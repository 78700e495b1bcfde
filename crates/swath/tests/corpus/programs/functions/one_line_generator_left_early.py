def f(): yield 1  # cov: 1/2


def g(): yield 1


x = f()
next(x)
x.close()
list(g())
