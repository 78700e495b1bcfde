"""Goes ways that each process goes alone, and is then killed, forks, or leaves without a word."""
import os
import signal
import sys


def choose(which):
    if which == "parent":
        return 1
    if which == "child":
        return 2
    if which == "late":
        return 3
    return 4


def loop(count):
    for number in range(count):
        if number == 700:
            return number
    return None


def main():
    loop(10)
    child = os.fork()
    if child == 0:
        choose("child")
        os._exit(0)
    os.waitpid(child, 0)
    choose("parent")
    loop(1000)
    choose("late")
    os.kill(os.getpid(), signal.SIGKILL)


if sys.argv[0]:
    main()
