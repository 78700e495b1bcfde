"""Starlette and FastAPI: their templates, and the applications of servers that are not entered themselves."""

import sys

from swath_attribution import asgi, request as requests
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace


def patch(module):
    name = module.__name__
    if name == "starlette.applications":
        asgi.enter_at(module.Starlette, _known)
    elif name == "fastapi.routing":
        _note_at(module.APIRoute)
    else:
        _note_at(module.Route)
        _note_at(module.WebSocketRoute)
        replace(module.Mount, "handle", _mounting)


def _note_at(owner):
    def make(original):
        async def handle(self, scope, receive, send):
            try:
                begun = requests.of_here()
                if begun is not None and not begun.is_routed:
                    begun.route(_template(self, scope))
            except Exception:
                pass
            return await original(self, scope, receive, send)

        return handle

    replace(owner, "handle", make)


def _template(route, scope):
    # FastAPI keeps the routes of an included router as they are, and their paths elsewhere.
    find = getattr(sys.modules.get("fastapi.routing"), "_get_scope_effective_route_context", None)
    context = None if find is None else find(scope)
    if context is not None and context.original_route is route:
        return getattr(context.starlette_route, "path_format", None) or context.path_format
    return route.path_format


def _before(mount):
    """The template of a mount, without the rest of the path."""
    return mount.path_format.rpartition("/{path}")[0]


def _mounting(original):
    async def handle(self, scope, receive, send):
        begun = requests.of_here()
        if begun is None:
            return await original(self, scope, receive, send)
        outer = begun.prefix
        try:
            begun.prefix = outer + _before(self)
        except Exception:
            pass
        try:
            return await original(self, scope, receive, send)
        finally:
            if not begun.is_routed and not getattr(self, "routes", None):
                begun.route("/{path}")
            begun.prefix = outer

    return handle


def _known(application):
    begun = requests.of_here()
    # Whoever has mounted it has offered it.
    if begun is not None and not begun.prefix:
        offer(application, "", lambda application: _of(application.routes, ""))


def _of(routes, before):
    contexts = getattr(sys.modules.get("fastapi.routing"), "iter_route_contexts", None)
    for route in routes if contexts is None else contexts(routes):
        template = getattr(route, "path_format", None)
        original = getattr(route, "original_route", route)
        inner = getattr(original, "routes", None)
        if inner is not None and hasattr(original, "app"):
            prefix = before if template is None else before + template.rpartition("/{path}")[0]
            if inner:
                yield from _of(inner, prefix)
            else:
                yield (), prefix + "/{path}"
        elif template is not None and not _is_added(original):
            is_http = hasattr(original, "methods")
            yield (route.methods if is_http else ["WEBSOCKET"]), before + template


def _is_added(route):
    """Whether FastAPI added it to every application: its documentation."""
    return getattr(getattr(route, "endpoint", None), "__module__", None) == "fastapi.applications"
