import os
import sys


def everywhere():
    return 1


def only_parent():
    value = 2
    return value


def loops(rounds):
    value = 0
    for number in range(rounds):
        if number % 2:
            value = number
        else:
            value = -number
    return value


def waits():
    yield 1
    value = 2
    yield value


def last_generation(depth):
    everywhere()
    if depth == 0:
        return
    child = os.fork()
    if child == 0:
        last_generation(depth - 1)
        os._exit(0)
    os.waitpid(child, 0)


everywhere()
only_parent()
loops(4)
waiting = waits()
begun = next(waiting)
for turn in range(2):
    child = os.fork()
    if child == 0:
        everywhere()
        loops(4)
        next(waiting)
        os._exit(0)
    os.waitpid(child, 0)
child = os.fork()
if child == 0:
    last_generation(int(sys.argv[1]))
    os._exit(0)
os.waitpid(child, 0)
