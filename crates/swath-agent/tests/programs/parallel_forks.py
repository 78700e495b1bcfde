"""Forks again and again while its threads run new functions, and one collects garbage, for which all
threads are stopped; each child has lines of its own.
"""
import gc
import os
import signal
import sys
import threading
import time

sys.argv[2:] = ["300", "made", "end"]
done = threading.Event()


def work():
    exec(compile(open(program).read(), program, "exec"), {"__name__": "work"})
    done.set()


def collect():
    while not done.is_set():
        gc.collect(0)
        time.sleep(0.0005)


def in_child():
    value = 1
    return value


def in_thread_of_child():
    value = 2
    return value


program = os.path.join(os.path.dirname(__file__), "parallel.py")
worker = threading.Thread(target=work)
worker.start()
threading.Thread(target=collect).start()
children = 0
while not done.is_set() and children < 20:
    child = os.fork()
    if child == 0:
        # A child that waits for ever for a thread that it does not have is ended by this.
        signal.alarm(30)
        in_child()
        thread = threading.Thread(target=in_thread_of_child)
        thread.start()
        thread.join()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status == 0, status
    children += 1
worker.join()
print(children)
