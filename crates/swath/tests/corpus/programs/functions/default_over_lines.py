def f(
    x=len(
        "abc"
    ),
    y=[
        1,
    ],
):
    return x


f()
