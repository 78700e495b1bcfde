import ctypes
import os
import sys


def in_child():
    value = 1
    return value


def in_raw_child():
    value = 2
    return value


def in_grandchild():
    value = 3
    return value


def after_forks():
    value = 4
    return value


def wait(child):
    os.waitpid(child, 0)


child = os.fork()
if child == 0:
    in_child()
    grandchild = os.fork()
    if grandchild == 0:
        in_grandchild()
        os._exit(0)
    wait(grandchild)
    os._exit(0)
wait(child)
child = ctypes.PyDLL(None).fork()
if child == 0:
    in_raw_child()
    os._exit(0)
wait(child)
after_forks()
if len(sys.argv) < 2:
    os.execv(sys.executable, [sys.executable, __file__, "again"])
