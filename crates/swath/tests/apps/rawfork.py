# A fork of which Python knows nothing: no hook runs in the child.
import ctypes
import os


def before():
    kind = "before"
    return kind


def both(who):
    kind = who
    return kind


def in_child():
    kind = both("child")
    return kind


def in_parent(pid):
    _, status = os.waitpid(pid, 0)
    return status


before()
libc = ctypes.PyDLL(None)
pid = libc.fork()
if pid == 0:
    in_child()
    os._exit(7)
    print("never")  # miss
assert in_parent(pid) == 7 << 8
both("parent")
