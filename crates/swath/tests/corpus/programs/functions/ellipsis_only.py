def f(): ...  # cov: excluded


def g():  # a comment
    ...  # cov: excluded


f()
