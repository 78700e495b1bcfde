"""What the code runs for at this moment."""

import os
from _contextvars import ContextVar

from swath_attribution import Finder

agent = Finder.agent
# The number of a context of the agent: what the native side reads.
variable = agent.variable()
# The request that is being served here, if any.
served = ContextVar("swath_request", default=None)
# The longest name of a test.
LONGEST = 1024
# What was told to the agent before, by what `note` is given. It need not hear it again; what runs for each request
# looks here before it calls.
noted = set()
# A fork child has a store of its own, in which nothing is noted yet.
os.register_at_fork(after_in_child=noted.clear)


class Process:
    """What the whole process works for: a test runner runs one test at a time."""

    test = ""
    number = 0


def test():
    """The test that runs, or that the request being served belongs to; empty if there is none."""
    request = served.get()
    return Process.test if request is None else request.test


def sender():
    """The test that something is sent for here: also by a program that a test started and waits for."""
    return test() or (served.get() is None and agent.started_for()) or ""


def note(number, what, *strings):
    """Tells the agent once what became known of a context."""
    key = (number, what) + strings
    if key in noted:
        return
    if len(noted) < 100000:
        noted.add(key)
    agent.note(number, what, *strings)
