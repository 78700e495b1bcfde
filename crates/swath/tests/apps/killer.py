"""Puts announcer.py under load and kills: killer.py PORT PARTS worker|master|group|swath SEED."""

import http.client
import os
import random
import signal
import sys
import threading
import time

PORT, PARTS, VICTIM = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
RANDOM = random.Random(int(sys.argv[4]))
LIMIT = 30
SWATH = os.getppid()
over = threading.Event()
answered = threading.Event()


def get(path):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def load(seed):
    order = random.Random(seed)
    while not over.is_set():
        try:
            get("/%d" % order.randrange(PARTS))
            answered.set()
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)


def kill(worker, master):
    if VICTIM == "worker":
        os.kill(worker, signal.SIGKILL)
    elif VICTIM == "master":
        os.kill(master, signal.SIGKILL)
    elif VICTIM == "group":
        os.killpg(os.getpgid(master), signal.SIGKILL)
    else:
        with open("/proc/%d/comm" % SWATH) as comm:
            assert comm.read() == "swath\n"
        os.kill(SWATH, signal.SIGKILL)


def main():
    worker, master = map(int, get("/").split())
    with open("group", "w") as file:
        file.write(str(os.getpgid(master)))
    threads = [threading.Thread(target=load, args=(RANDOM.random(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert answered.wait(LIMIT)
        # The moment of the kill: this is the one wait that is meant to be arbitrary.
        time.sleep(RANDOM.random() * 0.4)
        kill(worker, master)
        # The survivors go on under load.
        time.sleep(0.1)
    finally:
        over.set()
        for thread in threads:
            thread.join()


main()
