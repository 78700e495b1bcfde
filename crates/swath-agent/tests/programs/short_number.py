import os


def in_child():
    value = 1
    return value


try:
    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
        last.write("1")
except OSError as error:
    print("denied: %s" % error)
else:
    child = os.fork()
    if child == 0:
        in_child()
        os._exit(0)
    os.waitpid(child, 0)
    print("shorter" if len(str(child)) < len(str(os.getpid())) else "not shorter")
