"""granian's two kinds of applications."""

from swath_attribution import asgi, wsgi
from swath_attribution.wrapping import replace


def patch(module):
    kind = asgi if module.__name__.endswith(".asgi") else wsgi

    def make(original):
        def callback_wrapper(callback, *arguments, **options):
            return original(kind.wrapped(callback), *arguments, **options)

        return callback_wrapper

    replace(module, "_callback_wrapper", make)
