import sys


def first():
    return 1


def second():
    value = 0
    for number in range(3):
        if number:
            value += number
    return value


def third():
    return 3


def run(number):
    [first, second, third][number]()
    sys.settrace(None)
    print("round", number)
