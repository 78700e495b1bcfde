"""Checks the package of the folder given, without anything else installed."""

import sys

folder = sys.argv[1]
sys.dont_write_bytecode = True
sys.path.insert(0, folder)
before = set(sys.modules)
import swath_attribution

sys.dont_write_bytecode = False


class Agent:
    def __init__(self):
        import _contextvars

        self.current = _contextvars.ContextVar("current")

    def variable(self):
        return self.current

    def context(self, *strings):
        return contexts.setdefault(strings, len(contexts) + 1)

    def note(self, number, what, *strings):
        notes.add((number, what) + strings)

    def enter(self, number):
        pass

    leave = set_current = enter

    def serve(self, number, served, request):
        return served.set(request), self.current.set(number)

    def unserve(self, number, served, tokens):
        self.current.reset(tokens[1])
        served.reset(tokens[0])

    def started_for(self):
        pass

    conclude = started_for


contexts = {}
notes = set()
agent = Agent()
before.add("_contextvars")
swath_attribution.start(agent)
assert set(sys.modules) - before == {"swath_attribution"}, set(sys.modules) - before
# A second start changes nothing.
swath_attribution.start(agent)
assert len([finder for finder in sys.meta_path if type(finder).__name__ == "Finder"]) == 1

import ast
import os

for name in os.listdir(os.path.join(folder, "swath_attribution")):
    if name.endswith(".py"):
        with open(os.path.join(folder, "swath_attribution", name), encoding="utf-8") as file:
            ast.parse(file.read(), name)

# A module that is patched has its own loader, and can be executed again.
import http.client
import importlib
import importlib.machinery

assert type(http.client.__loader__) is importlib.machinery.SourceFileLoader
assert http.client.__spec__.loader is http.client.__loader__
importlib.reload(http.client)
assert http.client.HTTPConnection.endheaders.__wrapped__
assert swath_attribution.Finder.failures == [], swath_attribution.Finder.failures

from swath_attribution import baggage, current, path, test, work

for header, name in [
    (None, ""),
    ("", ""),
    ("a=b", ""),
    ("swath.test=x", "x"),
    ("a=b , swath.test = a%20b%5B%C3%BC%5D ; p=1,c=d", "a b[\u00fc]"),
    ("swath.test", ""),
    ("swath.test=", ""),
    ("swath.test=%0A", ""),
    ("swath.test=%ff", "\ufffd"),
    ("xswath.test=x", ""),
    ("swath.test=" + "x" * 1024, "x" * 1024),
    ("swath.test=" + "x" * 1025, ""),
    ("a=" + "x" * 100000 + ",swath.test=x", ""),
]:
    assert baggage.parse_test(header) == name, (header and header[:40], baggage.parse_test(header))
for name in ["tests/test_a.py::test_b[a b,c;d=\u00fc\"\\%]|run", "a" * 1024, "\U0001f600" * 500]:
    sent = baggage.merged("own=1", name)
    assert sent.startswith("own=1,swath.test=") and sent.isascii(), sent
    assert baggage.parse_test(sent) == name
    assert not set(sent[17:]) & set(' ",;\\'), sent
assert baggage.merged("swath.test=own", "x") is None
assert baggage.merged(None, "") is None
assert baggage.merged(None, "a\nb") is None
assert baggage.merged("a=" + "x" * 8177, "x") is not None
assert baggage.merged("a=" + "x" * 8178, "x") is None
assert baggage.merged(",".join(["a=b"] * 63), "x") is not None
assert baggage.merged(",".join(["a=b"] * 64), "x") is None
assert baggage.merged(None, "\U0001f600" * 1024) is None

for given, folded in [
    ("", "/"),
    ("/", "/"),
    ("/points/17", "/points/{n}"),
    ("/points/-1.5/", "/points/{n}/"),
    ("/points/17.json?token=1", "/points/{n}.json"),
    ("/v1/points", "/v1/points"),
    ("/2026-11-30/x", "/{n}/x"),
    ("/u/123e4567-e89b-12d3-a456-426614174000", "/u/{id}"),
    ("/c/deadbeef01", "/c/{id}"),
    ("/deadbeef/feed", "/deadbeef/feed"),
    ("/t/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "/t/{id}"),
    ("/mail/a@b.com", "/mail/{id}"),
    ("/release-notes-for-version-2/x", "/release-notes-for-version-2/x"),
    ("/a\nb", "/{id}"),
    ("/" + "x" * 65, "/{id}"),
]:
    assert path.folded(given) == folded, (given, path.folded(given))
assert len(path.folded("/x" * 9999)) == path.LONGEST + 1
for given, method in [("get", "GET"), ("M-SEARCH", "OTHER"), ("", "OTHER"), ("A" * 21, "OTHER"), ("\u00c4", "OTHER")]:
    assert path.method(given) == method
assert test.fitting("a\nb") == "a\\nb"
assert test.fitting("x" * 1024, "|run") != test.fitting("x" * 1025, "|run")

# Workers without swath run tasks that are said to be a test's.
import concurrent.futures
import multiprocessing.pool

from swath_attribution import other_process

# So that they do not execute this file.
del sys.modules["__main__"].__file__
spawning = multiprocessing.get_context("spawn")
running = test.Test.begin("t|run")
assert other_process.said() == ("t|run",)
known = "__import__('sys').modules.get('swath_attribution')"
with spawning.Pool(1) as pool, concurrent.futures.ProcessPoolExecutor(1, spawning) as executor:
    assert pool.apply(eval, [known]) is None and executor.submit(eval, known).result() is None
    assert pool.map(abs, [-1, 2]) == [1, 2] == list(executor.map(abs, [-1, 2]))
    assert list(pool.imap(abs, [-1, 2])) == [1, 2]
# Tasks that a request hands to other interpreters are what they are.
from swath_attribution import request as requests

if hasattr(concurrent.futures, "InterpreterPoolExecutor"):
    begun = requests.Request("t|run", "GET", "/")
    tokens = begun.enter()
    with concurrent.futures.InterpreterPoolExecutor(1) as executor:
        assert executor.submit(abs, -1).result() == 1
    begun.leave(tokens)

# What a handshake of websocket-client sends besides stays as it is.
from swath_attribution import websocket_client

lines = ["GET / HTTP/1.1", "Baggage: own=1", "Cookie: a=b", "", ""]
websocket_client._add(lines)
assert lines == ["GET / HTTP/1.1", "Cookie: a=b", "baggage: own=1,swath.test=t|run", "", ""], lines
test.Test.end(running)
assert other_process.said() is None

# A server and a client, where nothing else is installed.
import threading
import urllib.request
from wsgiref.simple_server import WSGIRequestHandler, make_server

ran = []


def application(environ, start_response):
    ran.append(("call", agent.current.get(None)))
    start_response("200 OK", [])
    return steps()


def steps():
    for step in (b"a", b"b"):
        ran.append(("step", agent.current.get(None)))
        yield step


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


server = make_server("127.0.0.1", 0, application, handler_class=Handler)
thread = threading.Thread(target=server.serve_forever, daemon=True)
thread.start()
address = "http://127.0.0.1:%d/points/7" % server.server_port
running = test.Test.begin("t", "|run")
for headers in ({"Baggage": "own=1"}, {"Baggage": "swath.test=mine"}):
    assert urllib.request.urlopen(urllib.request.Request(address, headers=headers)).read() == b"ab"
test.Test.end(running)
server.shutdown()
numbers = {number: strings for strings, number in contexts.items()}
expected = []
for name in ("t|run", "mine"):
    request = ("request", name, "GET", "/points/{n}")
    expected += [("call", request), ("step", request), ("step", request)]
    assert (contexts[request], "status", "200") in notes
assert [(place, numbers.get(number)) for place, number in ran] == expected, ran
assert current.test() == ""
assert swath_attribution.Finder.failures == [], swath_attribution.Finder.failures
