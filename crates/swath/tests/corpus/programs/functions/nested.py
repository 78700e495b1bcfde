def outer(x):
    def inner(y):
        return x + y

    def unused():
        return 1  # cov: miss

    return inner(1)


outer(1)
