def f():
    """Text.  # cov: excluded

    # pragma: no cover
    """
    return 1


f()
