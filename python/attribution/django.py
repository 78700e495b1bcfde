"""Django: its templates, and the handlers of servers that are not entered themselves."""

from swath_attribution import asgi, request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace, replace_after


def patch(module):
    name = module.__name__
    if name.endswith(".wsgi"):
        wsgi.enter_at(module.WSGIHandler, lambda _handler, _environ: offer(_Site, "", _routes))
    elif name.endswith(".asgi"):
        asgi.enter_at(module.ASGIHandler, lambda _handler: offer(_Site, "", _routes))
    elif name == "django.test.client":
        replace(module.ClientHandler, "__call__", _calling)
    elif not replace_after(module.BaseHandler, "resolve_request", lambda _handler, match, _request: _matched(match)):
        # Before Django 3.1.
        replace_after(
            module.BaseHandler,
            "_get_response",
            lambda _handler, _response, request: _matched(request.resolver_match),
        )


def _calling(original):
    """A request of Django's test client, which goes by no server and no handler."""

    def __call__(self, environ):
        begun = wsgi.begin(environ)
        response = requests.in_request(begun, original, self, environ)
        if begun is not None:
            begun.status(getattr(response, "status_code", ""))
        return response

    return __call__


class _Site:
    """A process of Django serves one site."""


def _matched(match):
    begun = requests.of_here()
    if begun is not None and match is not None and match.route is not None:
        begun.route(_template(match.route))


def _template(route):
    """`points/<int:id>/`, or the regular expression of `re_path`, with what stands around the path taken off."""
    for end in ("\\Z", "\\z", "$"):
        if route.endswith(end):
            route = route[: -len(end)]
    return "/" + (route[1:] if route.startswith("^") else route)


def _routes(_site):
    from django.urls import get_resolver

    return _of(get_resolver().url_patterns, "")


def _of(patterns, before):
    for pattern in patterns:
        text = str(pattern.pattern)
        whole = before + (text[1:] if before and text.startswith("^") else text)
        inner = getattr(pattern, "url_patterns", None)
        if inner is None:
            yield _methods(pattern.callback), _template(whole)
        else:
            yield from _of(inner, whole)


def _methods(view):
    """The methods of a class's view; none for a function, which may answer any."""
    actions = getattr(view, "actions", None)
    if actions:
        return list(actions)
    owner = getattr(view, "view_class", None) or getattr(view, "cls", None)
    names = getattr(owner, "http_method_names", ())
    return [name for name in names if hasattr(owner, name)]
