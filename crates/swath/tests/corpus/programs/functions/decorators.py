def wrap(*args):
    return lambda function: function


@wrap(1)
@wrap(
    1,
    2,
)
# a comment
@wrap()
def f():
    return 1  # cov: miss
