"""Tasks of `multiprocessing.Pool`, and of its `ThreadPool`: each runs for whom it was submitted for.

What a task is for goes behind the task's pickle, where `pickle` reads nothing: the task is the same to whoever reads
it, and so are its errors. The worker hears it before it unpickles the task, so that what unpickling imports and calls
is the task's, too.
"""

from io import BytesIO

from swath_attribution import current, other_process
from swath_attribution.work import Carried
from swath_attribution.wrapping import Wrapped, replace, replace_after

# Behind the strings and their length. A pickle ends with a full stop, so none ends with this.
_MARK = b"swath task\n"
_LENGTH = 4


def patch(module):
    replace_after(module.ApplyResult, "__init__", _submitted)
    replace_after(module.IMapIterator, "__init__", _submitted)
    replace(module.Pool, "_handle_tasks", _handling)


def _submitted(result, *_arguments, **_options):
    result._swath_request = current.served.get()
    result._swath_work = other_process.said()


def _handling(original):
    def _handle_tasks(taskqueue, put, outqueue, pool, cache):
        return original(taskqueue, _putting(put, cache), outqueue, pool, cache)

    return _handle_tasks


def _putting(put, cache):
    """What hands tasks to workers: `put` is a method of a pipe, or of a queue of threads."""
    end = getattr(put, "__self__", None)
    if not hasattr(end, "send_bytes"):
        return lambda task: put(_for_thread(task, cache))

    def for_process(task):
        trailer = _trailer(task, cache)
        if trailer is None:
            return put(task)
        from multiprocessing.reduction import ForkingPickler

        buffer = BytesIO()
        # As `ForkingPickler.dumps` does it, without a copy of what can be large.
        ForkingPickler(buffer, None).dump(task)
        buffer.write(trailer)
        return end.send_bytes(buffer.getbuffer())

    return for_process


def _for_thread(task, cache):
    try:
        request = cache[task[0]]._swath_request
        if request is not None:
            return task[:2] + (Carried(task[2], request),) + task[3:]
    except Exception:
        pass
    return task


def _trailer(task, cache):
    try:
        work = cache[task[0]]._swath_work
        if work is None:
            return None
        text = "\0".join(work).encode("utf-8", "surrogatepass")
        return text + len(text).to_bytes(_LENGTH, "little") + _MARK
    except Exception:
        return None


def attend(inqueue, outqueue):
    """Has a worker's tasks begun when they are read, and ended when their results are written."""
    inqueue._reader = _Tasks.around(inqueue._reader)
    outqueue._writer = _Results.around(outqueue._writer)


class _Tasks(Wrapped):
    """The end of a pipe that a worker reads tasks from."""

    def recv_bytes(self, *arguments):
        received = self._swath_application.recv_bytes(*arguments)
        work = _work_behind(received)
        if work is not None:
            other_process.begin_task(work)
        return received


class _Results(Wrapped):
    """The end of a pipe that a worker writes results to."""

    def send_bytes(self, *arguments):
        other_process.end_task()
        return self._swath_application.send_bytes(*arguments)


def _work_behind(received):
    try:
        if not received.endswith(_MARK):
            return None
        end = len(received) - len(_MARK) - _LENGTH
        length = int.from_bytes(received[end : end + _LENGTH], "little")
        return received[end - length : end].decode("utf-8", "surrogatepass").split("\0")
    except Exception:
        return None
