"""Functions that a request hands to a pool: `asyncio.to_thread` and `run_in_executor` among what does so for threads.

What a pool of processes is handed goes to another process; what a request adds to a future runs in this one.
"""

from swath_attribution.work import Carried, request_here
from swath_attribution.wrapping import replace


def patch(module):
    if module.__name__.endswith("_base"):
        replace(module.Future, "add_done_callback", _carrying)
    else:
        replace(module.ThreadPoolExecutor, "submit", _carrying)


def _carrying(original):
    def carrying(self, *arguments, **options):
        try:
            request = request_here()
            if request is not None and arguments and not _is_of_interpreters(self):
                arguments = (Carried(arguments[0], request),) + arguments[1:]
        except Exception:
            pass
        return original(self, *arguments, **options)

    return carrying


def _is_of_interpreters(pool):
    """Whether its threads call what they are given in interpreters of their own, where it must be what it is."""
    return any(owner.__module__ == "concurrent.futures.interpreter" for owner in type(pool).__mro__)
