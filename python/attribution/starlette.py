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
        # What it returns is awaited: no frame of its own in a traceback.
        def handle(self, scope, receive, send):
            try:
                begun = requests.of_here()
                if begun is not None and not begun.is_routed:
                    begun.route(_prefix(begun, scope) + _template(self, scope))
            except Exception:
                pass
            return original(self, scope, receive, send)

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


def _prefix(begun, scope):
    """The templates of the mounts that have led here.

    They are told by the part of the path that was taken off, and not by who calls whom: what calls an application may
    give it the whole path again, as the routing of Connexion does. An application may also say itself what was taken
    off; then it is where the last mount has led.
    """
    root = _root(scope)
    if root in begun.mounts:
        return begun.mounts[root]
    known = _longest(begun, root, [""])
    return next(reversed(begun.mounts.values()), "") if known is None else known


def _root(scope):
    return scope.get("root_path") or ""


def _longest(begun, root, but):
    """The templates that belong to the longest part of a root that was taken off."""
    known = [path for path in begun.mounts if path not in but and (not path or (root + "/").startswith(path + "/"))]
    return begun.mounts[max(known, key=len)] if known else None


def _mounting(original):
    def handle(self, scope, receive, send):
        try:
            begun = requests.of_here()
            if begun is not None:
                _mount(begun, self, scope)
        except Exception:
            pass
        return original(self, scope, receive, send)

    return handle


def _mount(begun, mount, scope):
    """Notes what a mount has taken off the path: `scope` is that of what is mounted."""
    root, before = _root(scope), _before(mount)
    if before:
        begun.mounts[root] = (_longest(begun, root, [root]) or "") + before
    if not getattr(mount, "routes", None):
        begun.mounted = _prefix(begun, scope) + "/{path}"


def _known(application, scope):
    begun = requests.of_here()
    # Whoever has mounted it has offered it.
    if begun is not None and not _prefix(begun, scope):
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
