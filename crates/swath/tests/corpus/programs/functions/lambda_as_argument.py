x = sorted(
    [3, 1],
    key=lambda item: -item,
)
y = max([1, 2], key=lambda item:
        item)
