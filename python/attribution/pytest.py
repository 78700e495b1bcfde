"""pytest: each phase of each test, also in xdist's workers and when a test is run again."""

from swath_attribution.test import Test
from swath_attribution.wrapping import replace

_SUFFIXES = {"setup": "|setup", "call": "|run", "teardown": "|teardown"}


def patch(module):
    def make(original):
        def call_and_report(item, when, *arguments, **options):
            __tracebackhide__ = True
            test = Test.begin(item.nodeid, _SUFFIXES.get(when, "|" + when))
            try:
                report = original(item, when, *arguments, **options)
            finally:
                Test.end(test)
            _hear(test, when, report)
            return report

        return call_and_report

    replace(module, "call_and_report", make)


def _hear(test, when, report):
    try:
        outcome = report.outcome
        if when != "call":
            if outcome == "passed":
                return
            outcome = "error" if outcome == "failed" else outcome
        test.note(outcome)
    except Exception:
        pass
