import threading


def work(n):
    for x in range(n):
        if x > 1:
            return x
    return 0


threads = [threading.Thread(target=work, args=(n,)) for n in (1, 5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
