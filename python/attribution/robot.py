"""Robot Framework: each test case."""

from swath_attribution.test import Test
from swath_attribution.wrapping import replace

_OUTCOMES = {"PASS": "passed", "FAIL": "failed", "SKIP": "skipped"}


def patch(module):
    def make(original):
        def visit_test(self, data):
            test = _begin(data)
            try:
                return original(self, data)
            finally:
                Test.end(test)
                _hear(test, self)

        return visit_test

    replace(module.SuiteRunner, "visit_test", make)


def _begin(data):
    try:
        return Test.begin(str(getattr(data, "full_name", None) or data.longname))
    except Exception:
        return None


def _hear(test, runner):
    try:
        # The name of the attribute differs between versions.
        for name in ("suite_result", "_suite"):
            suite = getattr(runner, name, None)
            if suite is not None and suite.tests:
                test.note(_OUTCOMES.get(suite.tests[-1].status, "error"))
                return
    except Exception:
        pass
