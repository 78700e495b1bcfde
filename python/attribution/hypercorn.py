"""hypercorn."""

from swath_attribution import asgi, wsgi
from swath_attribution.wrapping import replace_after


def patch(module):
    for name, kind in (("ASGIWrapper", asgi), ("WSGIWrapper", wsgi)):

        def made(wrapper, _result, *_arguments, kind=kind, **_options):
            wrapper.app = kind.wrapped(wrapper.app)

        replace_after(getattr(module, name), "__init__", made)
