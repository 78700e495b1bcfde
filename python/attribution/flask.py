"""Flask: its templates, and the applications of servers that are not entered themselves."""

from swath_attribution import request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.request import served_here
from swath_attribution.wrapping import replace

# Who adds routes to every application: static files, documentation.
_ADDING = ("flask", "flask_restx", "flask_smorest", "apiflask")


def patch(module):
    wsgi.enter_at(module.Flask, _known)

    # Found in the module, which has it by different names in different versions.
    proxy = module.request

    def dispatching(original):
        def full_dispatch_request(self, *arguments, **options):
            begun = served_here()
            if begun is not None and not begun.is_over:
                try:
                    request = proxy._get_current_object()
                    if request.url_rule is not None:
                        environ = request.environ
                        is_mounted = environ.get("SCRIPT_NAME", "") != begun.script
                        prefix = wsgi.mounted(begun, environ) if is_mounted else ""
                        begun.route(prefix + request.url_rule.rule)
                except Exception:
                    pass
            return original(self, *arguments, **options)

        return full_dispatch_request

    replace(module.Flask, "full_dispatch_request", dispatching)


def _known(application, environ):
    begun = requests.of_here()
    if begun is not None:
        offer(application, wsgi.mounted(begun, environ), _routes)


def _routes(application):
    for rule in application.url_map.iter_rules():
        view = application.view_functions.get(rule.endpoint)
        if (getattr(view, "__module__", None) or "").partition(".")[0] not in _ADDING:
            yield rule.methods, rule.rule
