"""daphne."""

from swath_attribution import asgi
from swath_attribution.wrapping import replace_after


def patch(module):
    def made(server, *_arguments, **_options):
        server.application = asgi.wrapped(server.application)

    replace_after(module.Server, "__init__", made)
