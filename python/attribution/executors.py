"""Functions that a request hands to a pool of threads: `asyncio.to_thread` and `run_in_executor` among them."""

from swath_attribution.work import carried
from swath_attribution.wrapping import replace


def patch(module):
    def make(original):
        def submit(self, *arguments, **options):
            if arguments:
                arguments = (_carried(arguments[0]),) + arguments[1:]
            return original(self, *arguments, **options)

        return submit

    replace(module.ThreadPoolExecutor, "submit", make)


def _carried(function):
    try:
        return carried(function)
    except Exception:
        return function
