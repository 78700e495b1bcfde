class Protocol:
    x: int

    def f(self): ...  # cov: excluded


Protocol()
