def f(x):
    assert (
        x
        and x > 1
    ), (
        "message"
    )
    return x


f(2)
