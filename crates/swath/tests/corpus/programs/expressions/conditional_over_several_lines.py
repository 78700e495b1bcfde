x = 1
y = (
    len("a")
    if x
    else len("bb")
)
