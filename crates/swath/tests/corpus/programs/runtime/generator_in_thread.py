import threading


def items():
    for x in range(4):
        yield x


it = items()
next(it)
thread = threading.Thread(target=lambda: next(it))
thread.start()
thread.join()
for x in it:
    y = x
