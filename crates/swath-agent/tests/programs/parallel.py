"""Threads that run new functions all at once, each on a way of its own, and say so.

The arguments: a folder; how many functions; `import`, or `made` for functions whose code nothing announces;
and how it ends: `end`, `wait` to be killed, or `leave`, with threads that go on.
"""
import importlib
import os
import sys
import threading
import types

folder, count, kind, end = sys.argv[1:5]
count = int(count)
THREADS = 8
# A function for all threads: line 20 n + 2 asks which it is; of thread k are the lines from 20 n + 2 k + 2 on.
BODY = "def f%d(which):\n" + "".join(
    "    %s which == %d:\n        value = %d\n" % ("if" if number == 0 else "elif", number, number)
    for number in range(THREADS)
) + "    return value\n\n\n"
name = os.path.join(folder, "many.py")
if not os.path.exists(name):
    with open(name + ".new", "w") as out:
        out.write("".join(BODY % number for number in range(count)))
    os.rename(name + ".new", name)
sys.path.insert(0, folder)
many = importlib.import_module("many")
functions = [getattr(many, "f%d" % number) for number in range(count)]
if kind == "made":
    functions = [
        types.FunctionType(function.__code__.replace(co_name="made"), many.__dict__)
        for function in functions
    ]
log = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
started = threading.Barrier(THREADS)


def run(which):
    for number in range(count):
        if number % 16 == 0:
            started.wait()
        functions[number](which)
        os.write(log, b"%d %d\n" % (number, which))


threads = [threading.Thread(target=run, args=(which,), daemon=end == "leave") for which in range(THREADS)]
for thread in threads:
    thread.start()
if end == "leave":
    threads[0].join(0.01)
    sys.exit(0)
for thread in threads:
    thread.join()
os.write(log, b"end\n")
if end == "wait":
    threading.Event().wait(60)
