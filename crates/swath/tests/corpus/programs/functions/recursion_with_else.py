def depth(tree):
    if not tree:
        return 0
    best = 0
    for child in tree:
        best = max(best, depth(child))
    return best + 1


depth([[], [[]]])
