"""gunicorn's workers of every kind."""

from swath_attribution import asgi, wsgi
from swath_attribution.wrapping import replace_after

# Workers of others hand the application on to a server that is entered itself.
_OWN = ("gthread", "base_async", "gtornado", "sync")


def patch(module):
    if hasattr(module, "Worker"):
        replace_after(module.Worker, "load_wsgi", _loaded)
    elif hasattr(module, "ASGIWorker"):
        replace_after(module.ASGIWorker, "load_wsgi", _loaded_asgi)


def _loaded(worker, *_arguments):
    own = {"gunicorn.workers." + name for name in _OWN}
    if any(ancestor.__module__ in own for ancestor in type(worker).__mro__):
        worker.wsgi = wsgi.wrapped(worker.wsgi)


def _loaded_asgi(worker, *_arguments):
    worker.asgi = asgi.wrapped(worker.asgi)
