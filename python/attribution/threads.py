"""Threads that a request starts."""

from swath_attribution.work import is_of_pool, request_here
from swath_attribution.wrapping import replace_before


def patch(module):
    replace_before(module.Thread, "start", _start)


def _start(thread):
    request = request_here()
    if request is None or is_of_pool(thread) or "run" in vars(thread):
        return
    run = thread.run

    def for_request():
        # The attribute stands in the way of nobody once it has been called.
        vars(thread).pop("run", None)
        tokens = request.enter()
        try:
            run()
        finally:
            request.leave(tokens)

    thread.run = for_request
