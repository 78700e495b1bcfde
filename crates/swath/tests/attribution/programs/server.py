"""A server that a fixture of the session starts: as a program, and as a fork."""

import subprocess
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/called":
        called()
    else:
        start(path[1:])
    start_response("200 OK", [])
    return [b""]


def called():
    return "called"


def start(function):
    subprocess.run([sys.executable, "tool.py", function], check=True)


def serve(port, ready):
    server = make_server("127.0.0.1", port, application, handler_class=Handler)
    ready()
    server.serve_forever()


def ready():
    print("ready", flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]), ready)
