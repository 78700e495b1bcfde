"""Forks: children that run one function and end at once."""

import os

FORKS = 2_000


def work():
    return 1


def run():
    work()
    for _ in range(FORKS):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        os.waitpid(child, 0)
