"""A fixture that starts the server under test, as projects without a compose file have it."""

import socket
import subprocess
import sys
import time

import pytest


@pytest.fixture(scope="session")
def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number = listener.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--workers=2", "--bind=127.0.0.1:%d" % number, "web:app"]
    server = subprocess.Popen(command)
    try:
        wait_for(number, server)
        yield number
    finally:
        server.terminate()
        server.wait(30)


def wait_for(port, server):
    end = time.monotonic() + 40
    while server.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the server does not answer")
