"""Flask: its templates, and the applications of servers that are not entered themselves."""

from swath_attribution import request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace_before


def patch(module):
    wsgi.enter_at(module.Flask, _known)

    # Found in the module, which has it by different names in different versions.
    proxy = module.request

    def dispatched(_application, *_arguments):
        begun = requests.of_here()
        if begun is not None:
            request = proxy._get_current_object()
            if request.url_rule is not None:
                begun.route(wsgi.mounted(begun, request.environ) + request.url_rule.rule)

    replace_before(module.Flask, "full_dispatch_request", dispatched)


def _known(application, environ):
    begun = requests.of_here()
    if begun is not None:
        offer(application, wsgi.mounted(begun, environ), _routes)


def _routes(application):
    for rule in application.url_map.iter_rules():
        view = application.view_functions.get(rule.endpoint)
        # What Flask adds to every application: its static files.
        if not (getattr(view, "__module__", None) or "").startswith("flask."):
            yield rule.methods, rule.rule
