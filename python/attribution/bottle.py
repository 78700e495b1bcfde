"""bottle: its templates, and the applications of servers that are not entered themselves."""

from swath_attribution import request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace_after


def patch(module):
    wsgi.enter_at(module.Bottle, _known)

    def handled(_application, _result, environ):
        begun = requests.of_here()
        route = environ.get("bottle.route")
        # What is mounted has been handled before its mount.
        if begun is not None and route is not None and not begun.is_routed:
            begun.route(wsgi.mounted(begun, environ) + route.rule)

    replace_after(module.Bottle, "_handle", handled)


def _known(application, environ):
    begun = requests.of_here()
    if begun is not None:
        offer(application, wsgi.mounted(begun, environ), _routes)


def _routes(application):
    for route in application.routes:
        # A mount is a route for each method; what is mounted offers its own.
        if "mountpoint" not in route.config and not any(key.startswith("mountpoint.") for key in route.config):
            yield ["*" if route.method == "ANY" else route.method], route.rule
