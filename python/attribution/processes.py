"""Processes that multiprocessing starts for a request or a test."""

from swath_attribution import other_process
from swath_attribution.work import is_of_pool
from swath_attribution.wrapping import replace

# Pickled along with the process.
_WORK = "_swath_work"


def patch(module):
    replace(module.BaseProcess, "start", _starting)
    replace(module.BaseProcess, "_bootstrap", _running)


def _starting(original):
    def start(self):
        try:
            work = None if is_of_pool(self) else other_process.said()
            if work is not None:
                self.__dict__[_WORK] = work
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
        other_process.forget()
        if work is None:
            _attend(self)
        end = None if work is None else other_process.begun(work)
        try:
            return original(self, *arguments, **options)
        finally:
            if end is not None:
                end()
            # What was forked leaves without finalizing its interpreter.
            other_process.conclude()

    return _bootstrap


def _attend(process):
    """A worker of `multiprocessing.Pool` hears whom each of its tasks is for."""
    try:
        target = process._target
        if (target.__module__, target.__name__) == ("multiprocessing.pool", "worker"):
            from swath_attribution import process_pools

            process_pools.attend(*process._args[:2])
    except Exception:
        pass
