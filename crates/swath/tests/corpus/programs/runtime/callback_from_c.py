def key(item):
    if item > 1:
        return -item
    return item


x = sorted([3, 1, 2], key=key)
y = list(map(key, x))
