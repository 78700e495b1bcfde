def f():
    def g():  # pragma: no cover  # cov: excluded
        return 1  # cov: excluded

    return 2


f()
