# Recursion as deep as the first argument says.
import sys


def descend(depth):
    if depth == 0:
        return 0
    below = descend(depth - 1)
    return below + 1


def unasked():
    return "nobody calls this"  # miss


depth = int(sys.argv[1])
sys.setrecursionlimit(depth + 1000)
assert descend(depth) == depth
assert descend(depth) == depth
