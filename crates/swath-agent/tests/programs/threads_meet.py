"""Two threads in one function: a line that is new to one comes right after one that was new to the other."""
import threading

is_inside = threading.Event()
is_asked = threading.Event()
is_through = threading.Event()


def waits():
    is_inside.set()
    is_asked.wait(60)


def asks():
    is_asked.set()
    is_through.wait(60)
    return True


def both(which):
    if which == 0:
        waits()
    elif asks():
        which = 2
    return which


def first():
    both(0)
    is_through.set()


def second():
    is_inside.wait(60)
    both(1)


threads = [threading.Thread(target=first), threading.Thread(target=second)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
