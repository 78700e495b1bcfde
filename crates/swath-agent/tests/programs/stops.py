def work(value):
    first = value
    breakpoint()
    second = helper(first)
    return second


def helper(value):
    for number in range(2):
        value += number
    return value


def goes_on():
    total = 0
    for number in range(3):
        total += number
    return total


print(work(1))
breakpoint()
print(work(2))
print(goes_on())
