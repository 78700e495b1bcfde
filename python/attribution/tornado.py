"""Tornado: its requests, and its templates."""

from swath_attribution import request as requests
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace, replace_after


def patch(module):
    if module.__name__ == "tornado.routing":
        replace_after(module.PathMatches, "match", _matched)
    else:
        replace(module.RequestHandler, "_execute", _entering)
        replace_after(module.RequestHandler, "finish", _finished)


def _template(matcher):
    pattern = matcher.regex.pattern
    return pattern[:-1] if pattern.endswith("$") else pattern


def _matched(matcher, parameters, request):
    if parameters is not None:
        # A handler that is found after this one has a later match.
        request._swath_template = _template(matcher)


def _is_websocket(handler):
    return any(owner.__name__ == "WebSocketHandler" for owner in handler.__mro__)


def _entering(original):
    async def _execute(self, *arguments, **options):
        begun = _begin(self)
        if begun is None:
            return await original(self, *arguments, **options)
        tokens = begun.enter()
        _know(self, begun)
        try:
            return await original(self, *arguments, **options)
        finally:
            begun.is_over = True
            begun.leave(tokens)

    return _execute


def _begin(handler):
    try:
        request = handler.request
        method = "WEBSOCKET" if _is_websocket(type(handler)) else request.method
        header = ",".join(request.headers.get_list("Baggage"))
        return requests.begin(method, request.path, header, request)
    except Exception:
        return None


def _know(handler, begun):
    try:
        template = getattr(handler.request, "_swath_template", None)
        if template is not None:
            begun.route(template)
        offer(handler.application, "", _routes)
    except Exception:
        pass


def _finished(handler, _result, *_arguments, **_options):
    begun = requests.of_here()
    if begun is not None:
        begun.status(handler.get_status())


def _routes(application):
    yield from _of(application.default_router.rules)
    yield from _of(application.wildcard_router.rules)


def _of(rules):
    for rule in rules:
        inner = getattr(rule.target, "rules", None)
        if inner is not None:
            if not hasattr(rule.target, "named_rules") or rule.matcher.__class__.__name__ != "AnyMatches":
                yield from _of(inner)
        elif isinstance(rule.target, type) and hasattr(rule.matcher, "regex"):
            yield _methods(rule.target), _template(rule.matcher)


def _methods(handler):
    if _is_websocket(handler):
        return ["WEBSOCKET"]
    names = getattr(handler, "SUPPORTED_METHODS", ())
    missing = "_unimplemented_method"
    return [
        name
        for name in names
        if getattr(getattr(handler, name.lower(), None), "__name__", missing) != missing
    ]
