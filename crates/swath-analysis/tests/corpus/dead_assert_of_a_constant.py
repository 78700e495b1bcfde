def in_a_loop(items):
    for item in items:
        return item
        assert False
    else:
        items = []


def at_the_end(items):
    return items
    assert False, "never"


def between(items):
    while items:
        return items
        assert 0 or None
        items = 1
    return items
