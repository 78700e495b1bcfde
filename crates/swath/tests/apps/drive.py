"""System tests of web.py and asgi.py: drive.py PORT [once|turnover|reload]."""

import os
import signal
import sys
import threading
import time
import urllib.request

PORT, SCENARIO = int(sys.argv[1]), sys.argv[2]
LIMIT = 40


def get(path):
    """The answer to a request; a worker that is just leaving may refuse one."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s" % (PORT, path), timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def at_once(path, count):
    threads = [threading.Thread(target=get, args=(path,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_until_gone(pids, meanwhile):
    end = time.monotonic() + LIMIT
    while any(os.path.exists("/proc/%d" % pid) for pid in pids):
        meanwhile()
        assert time.monotonic() < end, "still there: %s" % pids
        time.sleep(0.01)


for path in ("/early", "/threaded", "/failing"):
    get(path)
at_once("/slow", 6)
first = {int(get("/pid")) for _ in range(4)}
parent = int(get("/parent"))
if SCENARIO == "turnover":
    wait_until_gone(first, lambda: get("/pid"))
elif SCENARIO == "reload":
    os.kill(parent, signal.SIGHUP)
    wait_until_gone(first, lambda: None)
    assert int(get("/pid")) not in first
# Where workers change, only the new ones run this.
assert get("/late") == "late"
