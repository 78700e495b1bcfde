"""Django: its templates, and the handlers of servers that are not entered themselves."""

import re

from swath_attribution import asgi, current, request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace, replace_after


def patch(module):
    name = module.__name__
    if name.endswith(".wsgi"):
        wsgi.enter_at(module.WSGIHandler, lambda _handler, _environ: offer(_Site, "", _routes))
    elif name.endswith(".asgi"):
        asgi.enter_at(module.ASGIHandler, lambda _handler, _scope: offer(_Site, "", _routes))
    elif name == "django.test.client":
        replace(module.ClientHandler, "__call__", _calling)
        if hasattr(module, "AsyncClientHandler"):
            replace(module.AsyncClientHandler, "__call__", _awaiting)
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
        _offer_in(begun)
        response = requests.in_request(begun, original, self, environ)
        _answered(begun, response)
        return response

    return __call__


def _awaiting(original):
    """The same of the asynchronous one."""

    async def __call__(self, scope):
        begun = asgi.begin(scope)
        if begun is None:
            return await original(self, scope)
        tokens = begun.enter()
        try:
            _offer_in(begun)
            response = await original(self, scope)
        finally:
            begun.is_over = True
            begun.leave(tokens)
        _answered(begun, response)
        return response

    return __call__


def _offer_in(begun):
    try:
        if begun is not None:
            offer(_Site, "", _routes)
    except Exception:
        pass


def _answered(begun, response):
    if begun is not None:
        begun.status(getattr(response, "status_code", ""))


class _Site:
    """A process of Django serves one site."""


# What REST framework's `format_suffix_patterns`, and so its routers, add to each route.
_SUFFIX = re.compile(r"\\\.\(\?P<\w+>(\[a-z0-9\]\+|\([\w|]*\))\)/\?(\$|\\Z|\\z)?$|<drf_format_suffix\w*:\w+>$")
# What stands for the language in the template of a route of `i18n_patterns`, which is one for all languages.
_LANGUAGE = "<language>/"


def _matched(match):
    begun = requests.of_here()
    if begun is None or match is None or match.route is None:
        return
    template = _template(_without_language(match.route))
    begun.route(template)
    if _is_added(match.func, match.route):
        methods = _methods(match.func)
        if not methods or begun.method in [method.upper() for method in methods]:
            current.note(0, "offer", begun.method, template)


def _template(route):
    """`points/<int:id>/`, or the regular expression of `re_path`, with what stands around the path taken off."""
    for end in ("\\Z", "\\z", "$"):
        if route.endswith(end):
            route = route[: -len(end)]
    return "/" + (route[1:] if route.startswith("^") else route)


def _without_language(route):
    """The route as `_of` has it: in a match, the language that is active has become a part of it."""
    for resolver, routes in _localized():
        language = str(resolver.pattern)
        if route.startswith(language):
            rest = route[len(language) :]
            rest = rest[1:] if rest.startswith("^") else rest
            if rest in routes:
                return _LANGUAGE + rest
    return route


# By URLconf, the resolvers of `i18n_patterns`, with what is behind the language.
_found = {}


def _localized():
    from django.urls import get_urlconf

    name = get_urlconf()
    found = _found.get(name)
    if found is None:
        found = []
        for resolver in filter(_is_of_languages, _patterns()):
            routes = _of(resolver.url_patterns, _LANGUAGE)
            found.append((resolver, frozenset(route[len(_LANGUAGE) :] for _, route in routes)))
        _found[name] = found
    return found


def _is_of_languages(pattern):
    return type(pattern.pattern).__name__ == "LocalePrefixPattern"


def _patterns():
    from django.urls import get_resolver, get_urlconf

    return get_resolver(get_urlconf()).url_patterns


def _routes(_site):
    for view, route in _of(_patterns(), ""):
        # What frameworks add is a route once it is called.
        if not _is_added(view, route):
            yield _methods(view), _template(route)


def _of(patterns, before):
    """The views, and their routes as matches have them."""
    for pattern in patterns:
        text = _LANGUAGE if _is_of_languages(pattern) else str(pattern.pattern)
        whole = before + (text[1:] if before and text.startswith("^") else text)
        inner = getattr(pattern, "url_patterns", None)
        if inner is None:
            yield pattern.callback, whole
        else:
            yield from _of(inner, whole)


def _is_added(view, route):
    """Whether a framework added it to what the program has: Ninja's documentation, a suffix for the format."""
    module = getattr(getattr(view, "func", view), "__module__", None) or ""
    return module.startswith("ninja.openapi.") or _SUFFIX.search(route) is not None


def _methods(view):
    """The methods of a class's view, or of Ninja's operations; none for a function, which may answer any."""
    actions = getattr(view, "actions", None)
    if actions:
        return list(actions)
    owner = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if owner is not None:
        return [name for name in owner.http_method_names if _is_of_its_own(owner, name)]
    if getattr(view, "__module__", None) == "ninja.operation":
        for cell in getattr(view, "__closure__", None) or ():
            operations = getattr(cell.cell_contents, "operations", ())
            return [method for operation in operations for method in operation.methods]
    return []


def _is_of_its_own(owner, name):
    """Whether a class has a method, and not from a view of Django's that answers it as it answers another one."""
    module = getattr(getattr(owner, name, None), "__module__", None)
    if module == "django.views.generic.base":
        return name == "get"
    return module is not None and not (module == "django.views.generic.edit" and name in ("put", "delete"))
