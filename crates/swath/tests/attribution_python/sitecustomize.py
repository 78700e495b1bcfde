"""Starts swath_attribution with an agent that keeps a log instead of recording lines."""

import contextvars
import json
import os
import sys
import threading


class Agent:
    """The interface of the native module. A line of the log is what was called, with strings for numbers."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.current = contextvars.ContextVar("stand_in", default=None)
        self.numbers = {}
        self.process_wide = 0
        self.lock = threading.Lock()

    def log(self, *what):
        os.write(self.file, (json.dumps([os.getpid(), *what]) + "\n").encode())

    def strings(self, number):
        return next((list(key) for key, value in self.numbers.items() if value == number), None)

    def variable(self):
        return self.current

    def context(self, *key):
        assert all(isinstance(string, str) for string in key), key
        with self.lock:
            return self.numbers.setdefault(key, len(self.numbers) + 1)

    def enter(self, number):
        self.log("enter", self.strings(number))

    def leave(self, number):
        self.log("leave", self.strings(number))

    def serve(self, number, served, request):
        self.enter(number)
        return served.set(request), self.current.set(number)

    def unserve(self, number, served, tokens):
        try:
            self.current.reset(tokens[1])
            served.reset(tokens[0])
        except ValueError:
            # In another context than the one that it was set in.
            pass
        self.leave(number)

    def set_current(self, number):
        self.process_wide = number

    def started_for(self):
        pass

    def conclude(self):
        pass

    def note(self, number, what, *strings):
        assert all(isinstance(string, str) for string in strings), strings
        self.log("note", self.strings(number), what, *strings)

    def ran(self, place):
        """A line of the program ran."""
        number = self.current.get()
        self.log("ran", place, self.strings(self.process_wide if number is None else number))


folder = os.path.dirname(os.path.abspath(__file__))
agent = Agent(os.environ["STAND_IN_LOG"])
agent.agent = agent
sys.modules["stand_in"] = agent
sys.path[:] = [entry for entry in sys.path if entry != folder]
sys.path.insert(0, os.environ["STAND_IN_PACKAGE"])
import swath_attribution

del sys.path[0]
if not os.environ.get("STAND_IN_WITHOUT"):
    swath_attribution.start(agent)
import atexit


def say():
    for name, error in swath_attribution.Finder.failures:
        agent.log("failed", name, repr(error))


atexit.register(say)
