import os
import sys


def lose_descriptors():
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return held


def lose_rights():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def lose_root():
    os.chroot(sys.argv[2])
    os.chdir("/")


def in_child(value):
    if value > 1:
        result = "many"
    else:
        result = "one"
    return result


held = globals()[sys.argv[1]]()
for turn in (1, 2):
    child = os.fork()
    if child == 0:
        in_child(turn)
        os._exit(0)
    os.waitpid(child, 0)
