def check(x):
    assert x, "no x"
    return x  # cov[3.8-3.13]: miss


def check_over_several_lines(x, y):
    assert (
        x
        or y
    )
    return x  # cov[3.8-3.13]: miss


for function in check, check_over_several_lines:
    try:
        function(*[0] * function.__code__.co_argcount)
    except AssertionError:
        pass
