def f(*args, **kwargs):
    return args


f(
    1,
    *[
        2,
    ],
    x=f(
        3,
    ),
    **{
        "y": 4,
    },
)
