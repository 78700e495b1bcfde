"""A plugin of pytest that writes what became of each test, one a line, into the file of SWATH_OUTCOMES."""

import os
import random
import signal

# Some tests empty the environment.
OUTCOMES = os.environ["SWATH_OUTCOMES"]

# Whoever started the tests may have them ignored, and asyncio looks.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_runtest_setup():
    random.seed(0)


def pytest_runtest_logreport(report):
    if report.when == "call" or not report.passed:
        with open(OUTCOMES, "a") as outcomes:
            outcomes.write(f"{report.nodeid!a} {report.when} {report.outcome}\n")
