import os
import resource


def known(value):
    if value:
        result = "child"
    else:
        result = "parent"
    return result


def unknown():
    return 3


known(0)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
child = os.fork()
if child == 0:
    known(1)
    exec(compile("def late():\n    return 1\nlate()\n", __file__, "exec"))
    os._exit(0)
os.waitpid(child, 0)
