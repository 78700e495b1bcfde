def outer():
    def inner():
        raise ValueError
    try:
        inner()
    except ValueError:
        return 1
    return 2  # cov: miss


outer()
