import greenlet


def helper(number):
    value = number + 1
    return value


def first():
    value = 1
    other.switch()
    value = 2
    helper(value)
    other.switch()
    value = 3
    return value


def second():
    value = 1
    one.switch()
    helper(value)
    value = 2
    one.switch()
    value = 3  # never
    return value  # never


one = greenlet.greenlet(first)
other = greenlet.greenlet(second)
one.switch()
helper(1)
