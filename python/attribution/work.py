"""Work that a request starts and that runs elsewhere."""

import sys

# Whose threads and processes outlive what has started them: they take work from many requests.
_POOLS = (
    "anyio",
    "asgiref",
    "celery",
    "concurrent",
    "eventlet",
    "gevent",
    "joblib",
    "kombu",
    "loky",
    "multiprocessing",
    "redis",
    "rq",
    "socketserver",
    "trio",
    "waitress",
    "werkzeug",
)


def is_of_pool(worker):
    """Whether a thread or process works for a pool, by where its code comes from."""
    target = getattr(worker, "_target", None)
    origin = type(worker) if target is None else getattr(target, "func", target)
    top = str(getattr(origin, "__module__", "")).partition(".")[0]
    return top in _POOLS


def request_here():
    """The request that is served here, if any. Nothing is read for it where none has ever been served."""
    current = sys.modules.get("swath_attribution.current")
    return None if current is None else current.served.get()


class Carried:
    """A function that runs for the request which has handed it on."""

    __slots__ = ("function", "request")

    def __init__(self, function, request):
        self.function = function
        self.request = request

    def __call__(self, *arguments, **options):
        tokens = self.request.enter()
        try:
            return self.function(*arguments, **options)
        finally:
            self.request.leave(tokens)
