import os


def in_child():
    value = 1
    return value


def fork(after):
    """Forks a child whose number is the next free one after that."""
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write(str(after))
    return os.fork()


child = fork(20000)
if child == 0:
    grandchild = fork(300)
    if grandchild == 0:
        in_child()
        os._exit(0)
    os.waitpid(grandchild, 0)
    is_shorter = len(str(grandchild)) < len(str(os.getpid()))
    print("shorter" if is_shorter else "not shorter", flush=True)
    os._exit(0)
os.waitpid(child, 0)
