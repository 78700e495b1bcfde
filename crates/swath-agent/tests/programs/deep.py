import sys
import threading


def down(level):
    if level == 0:
        return 0
    below = down(level - 1)
    return below + 1


def after():
    value = 1
    return value


deepest = 100000 if sys.version_info >= (3, 11) else 8000
sys.setrecursionlimit(deepest * 2)
assert down(deepest) == deepest
after()
threading.stack_size(1 << 20)
deepest = 100000 if sys.version_info >= (3, 11) else 500
thread = threading.Thread(target=down, args=(deepest,))
thread.start()
thread.join()
