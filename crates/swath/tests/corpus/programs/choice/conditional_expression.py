x = 1
y = 2 if x else 3
z = (
    4
    if not x
    else 5
)
