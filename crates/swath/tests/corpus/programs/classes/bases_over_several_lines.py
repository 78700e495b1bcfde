class Box(
    dict,
    metaclass=type,
):
    x = 1
