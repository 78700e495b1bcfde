import _thread
import threading


def in_thread(results):
    value = 1
    results.append(value)


def in_raw_thread(results, raw):
    value = 2
    results.append(value)
    raw.release()


def in_timer(results):
    value = 3
    results.append(value)


def busy(results):
    total = 0
    for number in range(20000):
        total += number
    results.append(total)


def main():
    results = []
    raw = _thread.allocate_lock()
    raw.acquire()
    threads = [threading.Thread(target=in_thread, args=(results,))]
    threads += [threading.Thread(target=busy, args=(results,)) for _ in range(4)]
    threads += [threading.Timer(0.01, in_timer, (results,))]
    for thread in threads:
        thread.start()
    _thread.start_new_thread(in_raw_thread, (results, raw))
    for thread in threads:
        thread.join()
    raw.acquire()


main()
