if True:
    def f():
        return 1
else:
    def f():  # cov: none  # cov[3.11]: miss
        return 2  # cov: none  # cov[3.10-3.11]: miss
f()
