"""uvicorn, also as a worker of gunicorn."""

from swath_attribution import asgi
from swath_attribution.wrapping import replace_after


def patch(module):
    def loaded(config, *_arguments):
        config.loaded_app = asgi.wrapped(config.loaded_app)

    replace_after(module.Config, "load", loaded)
