# Processes that end without cleaning up.
import os


def in_child():
    kind = "child"
    os._exit(len(kind))
    kind = "never"  # miss


def last():
    kind = "last"
    os._exit(3)
    return kind  # miss


pid = os.fork()
if pid == 0:
    in_child()
_, status = os.waitpid(pid, 0)
assert status == 5 << 8
last()
print("never")  # miss
