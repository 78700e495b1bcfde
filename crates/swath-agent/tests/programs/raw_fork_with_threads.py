"""Forks without Python's knowledge while it has threads."""
import ctypes
import os
import signal
import threading

done = threading.Event()
threads = [threading.Thread(target=done.wait) for _ in range(3)]
for thread in threads:
    thread.start()


def in_child():
    value = 1
    return value


child = ctypes.PyDLL(None).fork()
if child == 0:
    signal.alarm(20)
    in_child()
    os._exit(in_child())
status = os.waitpid(child, 0)[1]
done.set()
print(status >> 8 if os.WIFEXITED(status) else "killed")
