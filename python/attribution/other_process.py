"""Work that another process takes over: said here in strings, begun there from them."""

from swath_attribution import current, request as requests
from swath_attribution.test import Test


def said():
    """What this code runs for: nothing but strings, so that any Python can read it; None for nobody. Never fails."""
    try:
        request = current.served.get()
        if request is not None:
            return request.test, request.method, request.path, request.folded or ""
        if current.Process.test:
            return (current.Process.test,)
    except Exception:
        pass
    return None


def begun(work):
    """Begins what `said` said, and returns what ends it. Never fails."""
    try:
        if len(work) == 1:
            test = Test.begin(*work)
            return lambda: Test.end(test)
        request = requests.Request(*work[:3], folded=work[3])
        tokens = request.enter()
        if request.number:
            current.note(request.number, "handed-on", "")

        def end():
            request.is_over = True
            request.leave(tokens)

        return end
    except Exception:
        return lambda: None


class Task:
    """What the worker of a pool runs at this moment: one task after the other."""

    end = None


def begin_task(work):
    """A task begins in this worker. Never fails."""
    end_task()
    Task.end = begun(work)


def end_task():
    """The task that began last, if any, has ended. Never fails."""
    end, Task.end = Task.end, None
    if end is not None:
        end()


def conclude():
    """This process ends. Never fails."""
    try:
        current.agent.conclude()
    except Exception:
        pass


def forget():
    """A process that was forked has what its parent did at that moment; a pool's must not keep it."""
    try:
        Task.end = None
        if current.served.get() is not None:
            current.served.set(None)
            current.variable.set(0)
        if current.Process.test:
            current.Process.test = ""
            current.Process.number = 0
            current.agent.set_current(0)
    except Exception:
        pass
