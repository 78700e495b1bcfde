"""aiohttp's server: its requests, and its templates."""

from swath_attribution import request as requests
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace


def patch(module):
    if module.__name__.endswith("web_protocol"):
        replace(module.RequestHandler, "_handle_request", _entering)
    else:
        replace(module.UrlDispatcher, "resolve", _resolving)


def _entering(original):
    async def _handle_request(self, request, *arguments, **options):
        begun = _begin(request)
        if begun is None:
            return await original(self, request, *arguments, **options)
        tokens = requests.enter(begun)
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
        method = request.method
        if request.headers.get("Upgrade", "").lower() == "websocket":
            method = "WEBSOCKET"
        header = ",".join(request.headers.getall("baggage", ()))
        return requests.begin(method, request.path, header, request)
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
            if begun is not None:
                if resource is not None:
                    begun.route(resource.canonical)
                # Those of what is mounted here are among its resources.
                if match.apps and match.apps[0].router is self or not match.apps:
                    offer(self, "", _routes)
        except Exception:
            pass
        return match

    return resolve


def _routes(dispatcher):
    for resource in dispatcher.resources():
        inner = getattr(resource, "_app", None)
        if inner is not None:
            yield from _routes(inner.router)
            continue
        for route in resource:
            yield ["*" if route.method == "*" else route.method], resource.canonical
