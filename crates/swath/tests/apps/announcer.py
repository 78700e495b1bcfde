"""A WSGI application that announces what it runs, in a file, so that a killer can be checked.

`/N` imports `part_N` if need be and calls its functions. Each step is announced before it begins
(`<`) and after its lines have run (`>`), in one write each: what has been announced as run before
the process is killed must have been recorded.
"""

import importlib
import os

LOG = os.open(os.environ["ANNOUNCEMENTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def announce(sign, part, step):
    os.write(LOG, b"%s %d %s\n" % (sign, part, step))


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    path = environ["PATH_INFO"][1:]
    if not path.isdigit():
        return [b"%d %d" % (os.getpid(), os.getppid())]
    part = int(path)
    announce(b"<", part, b"module")
    module = importlib.import_module("part_%d" % part)
    announce(b">", part, b"module")
    for number, function in enumerate(module.FUNCTIONS):
        announce(b"<", part, b"%d" % number)
        function(part)
        announce(b">", part, b"%d" % number)
    return [b"done"]
