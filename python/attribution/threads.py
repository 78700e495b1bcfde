"""Threads that a request starts."""

from swath_attribution import current
from swath_attribution.work import is_of_pool
from swath_attribution.wrapping import replace_before


def patch(module):
    replace_before(module.Thread, "start", _start)


def _start(thread):
    request = current.served.get()
    if request is None or is_of_pool(thread) or "run" in vars(thread):
        return
    run = thread.run

    def for_request():
        # The attribute stands in the way of nobody once it has been called.
        vars(thread).pop("run", None)
        tokens = _enter(request)
        try:
            run()
        finally:
            request.leave(tokens)

    thread.run = for_request


def _enter(request):
    try:
        return request.enter()
    except Exception:
        return None
