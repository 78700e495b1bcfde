def f(): return 1
def g(): x = 1; return x  # cov: 1/2


f()
