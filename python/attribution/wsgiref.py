"""wsgiref, and so Django's runserver and CGI."""

from swath_attribution import wsgi
from swath_attribution.wrapping import replace


def patch(module):
    def make(original):
        def run(self, application):
            return original(self, wsgi.wrapped(application))

        return run

    replace(module.BaseHandler, "run", make)
