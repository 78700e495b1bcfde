"""Processes that multiprocessing starts for a request or a test."""

from swath_attribution import current, request as requests
from swath_attribution.test import Test
from swath_attribution.work import is_of_pool
from swath_attribution.wrapping import replace

# Pickled along with the process: nothing but strings, so that any Python can read it.
_WORK = "_swath_work"


def patch(module):
    replace(module.BaseProcess, "start", _starting)
    replace(module.BaseProcess, "_bootstrap", _running)


def _starting(original):
    def start(self):
        try:
            if not is_of_pool(self):
                request = current.served.get()
                if request is not None:
                    self.__dict__[_WORK] = (request.test, request.method, request.path)
                elif current.Process.test:
                    self.__dict__[_WORK] = (current.Process.test,)
        except Exception:
            pass
        try:
            return original(self)
        finally:
            self.__dict__.pop(_WORK, None)

    return start


def _running(original):
    def _bootstrap(self, *arguments, **options):
        work = self.__dict__.pop(_WORK, None)
        _forget()
        if work is None:
            return original(self, *arguments, **options)
        if len(work) == 1:
            test = Test.begin(work[0])
            try:
                return original(self, *arguments, **options)
            finally:
                Test.end(test)
        return requests.in_request(_again(work), original, self, *arguments, **options)

    return _bootstrap


def _again(work):
    try:
        return requests.Request(*work)
    except Exception:
        return None


def _forget():
    """A process that was forked has what its parent did at that moment; a pool's must not keep it."""
    try:
        if current.served.get() is not None:
            current.served.set(None)
            current.variable.set(0)
        if current.Process.test:
            current.Process.test = ""
            current.Process.number = 0
            current.agent.set_current(0)
    except Exception:
        pass
