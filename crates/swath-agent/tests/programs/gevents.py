import gevent.monkey

gevent.monkey.patch_all()
import gevent
import gevent.event
import gevent.queue
import threading

ready = gevent.event.Event()
queue = gevent.queue.Queue()
results = []


def waits():
    value = 1
    ready.wait()
    value = 2
    results.append(value)
    item = queue.get()
    results.append(item)
    value = 3
    return value


def sets():
    value = 1
    gevent.sleep(0.001)
    ready.set()
    value = 2
    queue.put(value)
    value = 3
    return value


def in_thread():
    value = 1
    ready.wait()
    value = 2
    results.append(value)


thread = threading.Thread(target=in_thread)
thread.start()
jobs = [gevent.spawn(waits), gevent.spawn(sets)]
gevent.joinall(jobs)
thread.join()
assert len(results) == 3
