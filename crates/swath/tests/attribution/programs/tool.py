"""A program that tests start: each does what it is told by a function of its own."""

import concurrent.futures
import multiprocessing
import subprocess
import sys
import urllib.request


def run():
    return "run"


def shell():
    return "shell"


def system():
    return "system"


def posix_spawn():
    return "posix_spawn"


def replaced():
    return "replaced"


def asynchronous():
    return "asynchronous"


def environment():
    return "environment"


def fixture():
    return "fixture"


def teardown():
    return "teardown"


def processes():
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        process = context.Process(target=globals()["in_" + method])
        process.start()
        process.join()
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pool.submit(in_executor).result()
    return "processes"


def in_fork():
    return "in_fork"


def in_spawn():
    return "in_spawn"


def in_executor():
    return "in_executor"


def nested():
    subprocess.run([sys.executable, __file__, "inner"], check=True)
    return "nested"


def inner():
    return "inner"


def call():
    return urllib.request.urlopen(sys.argv[2] + "/called").read()


def from_request():
    return "from_request"


def from_request_to_fork():
    return "from_request_to_fork"


def outlives():
    print("begun", flush=True)
    sys.stdin.readline()
    later()
    return "outlives"


def later():
    subprocess.run([sys.executable, __file__, "from_what_outlives"], check=True)
    return "later"


def from_what_outlives():
    return "from_what_outlives"


def killed():
    print("begun", flush=True)
    sys.stdin.readline()
    return "killed"


if __name__ == "__main__":
    globals()[sys.argv[1]]()
