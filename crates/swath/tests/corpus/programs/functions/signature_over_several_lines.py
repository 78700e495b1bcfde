def f(
    x,
    y=1,
):
    return (
        x,
        y,
    )


f(1)
