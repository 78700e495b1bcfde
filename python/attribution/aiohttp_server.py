"""aiohttp's server: its requests, and its templates."""

from swath_attribution import request as requests
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace, replace_before


def patch(module):
    name = module.__name__
    if name.endswith("web_protocol"):
        replace(module.RequestHandler, "_handle_request", _entering)
    elif name.endswith("web_app"):
        # What is mounted is called by the application that it is mounted in, and offered by it.
        replace_before(module.Application, "_handle", lambda application, _request: _known(application))
    else:
        replace(module.UrlDispatcher, "resolve", _resolving)


def _entering(original):
    async def _handle_request(self, request, *arguments, **options):
        begun = _begin(request)
        if begun is None:
            return await original(self, request, *arguments, **options)
        tokens = begun.enter()
        try:
            result = await original(self, request, *arguments, **options)
            _hear(begun, result)
            return result
        finally:
            begun.is_over = True
            begun.leave(tokens)

    return _handle_request


def _begin(request):
    try:
        header = ",".join(request.headers.getall("baggage", ()))
        return requests.begin(request.method, request.path, header, request)
    except Exception:
        return None


def _hear(begun, result):
    try:
        response = result[0] if isinstance(result, tuple) else result
        begun.status(response.status)
    except Exception:
        pass


def _resolving(original):
    async def resolve(self, request):
        match = await original(self, request)
        try:
            begun = requests.of_here()
            resource = getattr(getattr(match, "route", None), "resource", None)
            if begun is not None and resource is not None:
                begun.route(resource.canonical)
        except Exception:
            pass
        return match

    return resolve


def _known(application):
    offer(application, "", _routes)


def _routes(application):
    from aiohttp import hdrs

    for resource in application.router.resources():
        inner = getattr(resource, "_app", None)
        if inner is not None:
            yield from _routes(inner)
        else:
            yield [method for route in resource for method in _methods(route, hdrs.METH_ALL)], resource.canonical


def _methods(route, usual):
    """The method of a route, or those that a view for any method has."""
    view = route.handler
    if route.method != "*" or not isinstance(view, type):
        return [route.method]
    return [method for method in sorted(usual) if hasattr(view, method.lower())]
