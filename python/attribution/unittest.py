"""unittest: each phase of each test, unless another runner has it."""

from swath_attribution import test as tests
from swath_attribution.test import Test
from swath_attribution.wrapping import replace

# Keeps the frames of this module out of the tracebacks that unittest prints.
__unittest = True
_PHASES = (
    ("_callSetUp", "|setup"),
    ("_callTestMethod", "|run"),
    ("_callTearDown", "|teardown"),
    ("doCleanups", "|teardown"),
)
# The test that runs here, while it is this module which names it.
_running = []


def patch(module):
    owner = vars(module).get("IsolatedAsyncioTestCase") or vars(module).get("TestCase")
    if module.__name__ == "unittest.case":
        replace(owner, "run", _naming)
    for name, suffix in _PHASES:
        replace(owner, name, _in_phase(suffix))


def _naming(original):
    def run(self, result=None):
        if tests.is_running() or _running:
            return original(self, result)
        _running.append(self)
        before = _counts(result)
        self._swath_number = None
        try:
            return original(self, result)
        finally:
            _running.pop()
            number, self.__dict__["_swath_number"] = self._swath_number, None
            _hear(number, before, result)
            del self._swath_number

    return run


def _in_phase(suffix):
    def make(original):
        def phase(self, *arguments, **options):
            if not _running or _running[-1] is not self or tests.is_running():
                return original(self, *arguments, **options)
            test = _begin(self, suffix)
            try:
                return original(self, *arguments, **options)
            finally:
                Test.end(test)

        return phase

    return make


def _begin(case, suffix):
    try:
        test = Test.begin(case.id(), suffix)
        # Its outcome is known of what it reached last.
        if suffix != "|teardown" or case._swath_number is None:
            case._swath_number = test
        return test
    except Exception:
        return None


_OUTCOMES = (("errors", "error"), ("failures", "failed"), ("unexpectedSuccesses", "failed"), ("skipped", "skipped"))


def _counts(result):
    return [len(getattr(result, name, ()) or ()) for name, _ in _OUTCOMES]


def _hear(test, before, result):
    try:
        if test is None or result is None:
            return
        for (_, outcome), old, new in zip(_OUTCOMES, before, _counts(result)):
            if new > old:
                test.note(outcome)
                return
        test.note("passed")
    except Exception:
        pass
