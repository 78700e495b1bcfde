"""werkzeug's server, and so Flask's."""

from swath_attribution import wsgi
from swath_attribution.wrapping import replace_after


def patch(module):
    def made(server, *_arguments, **_options):
        server.app = wsgi.wrapped(server.app)

    replace_after(module.BaseWSGIServer, "__init__", made)
