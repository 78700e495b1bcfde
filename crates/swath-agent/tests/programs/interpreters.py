"""Runs code in several interpreters that share a lock, where this Python can make such."""
import os
import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import parts


def create():
    if sys.version_info >= (3, 13):
        return interpreters.create("legacy")
    if sys.version_info >= (3, 12):
        return interpreters.create(isolated=False)
    return interpreters.create()


def run(other, text):
    text = "import sys; sys.path.insert(0, %r)\n" % os.path.dirname(__file__) + text
    if hasattr(interpreters, "exec"):
        failure = interpreters.exec(other, text)
        assert failure is None, failure
    else:
        interpreters.run_string(other, text)


parts.part(0)
# More, one after the other, than are measured at a time.
for number in range(70):
    other = create()
    run(other, "import parts; parts.part(1)" if number == 69 else "pass")
    interpreters.destroy(other)
others = [create() for _ in range(3)]
for other in others:
    run(other, "import parts")
run(others[0], "parts.part(2)")
run(others[2], "parts.part(3)")
run(others[1], "parts.part(4)")
parts.part(5)
thread = threading.Thread(target=run, args=(others[1], "parts.part(6)"))
thread.start()
thread.join()
for other in others:
    interpreters.destroy(other)
child = os.fork()
if child == 0:
    parts.part(7)
    os._exit(0)
os.waitpid(child, 0)
print("fine")
