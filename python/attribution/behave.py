"""behave: each scenario."""

from swath_attribution.test import Test
from swath_attribution.wrapping import replace

_OUTCOMES = {"passed": "passed", "failed": "failed", "skipped": "skipped", "untested": "skipped"}


def patch(module):
    def make(original):
        def run(self, *arguments, **options):
            test = _begin(self)
            try:
                return original(self, *arguments, **options)
            finally:
                Test.end(test)
                _hear(test, self)

        return run

    replace(module.Scenario, "run", make)


def _begin(scenario):
    try:
        return Test.begin("%s::%s" % (scenario.location.filename, scenario.name.strip()))
    except Exception:
        return None


def _hear(test, scenario):
    try:
        test.note(_OUTCOMES.get(scenario.status.name, "error"))
    except Exception:
        pass
