"""ASGI applications, entered at servers and frameworks."""

from functools import partial

from swath_attribution import request as requests
from swath_attribution.wrapping import Wrapped, replace


class Application(Wrapped):
    """An application as a server has it."""

    async def __call__(self, scope, receive, send):
        return await serve(self._swath_application, scope, receive, send)


# Has an application entered for each of its requests.
wrapped = Application.around


def begin(scope):
    """The request that begins here; None if it has begun further out, or it is none."""
    try:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return None
        headers = scope["headers"]
        values = [value.decode("latin-1") for name, value in headers if name.lower() == b"baggage"]
        method = scope["method"] if kind == "http" else "WEBSOCKET"
        request = requests.begin(method, scope["path"] or "/", ",".join(values), headers)
        if request is not None:
            request.mounts[scope.get("root_path") or ""] = ""
        return request
    except Exception:
        return None


async def serve(application, scope, receive, send):
    """Calls an application, for the request if it has not been entered further out."""
    request = begin(scope)
    if request is None:
        return await application(scope, receive, send)

    async def sending(message):
        try:
            _hear(request, message)
        except Exception:
            pass
        return await send(message)

    tokens = request.enter()
    try:
        return await application(scope, receive, sending)
    except Exception:
        if request.code is None:
            request.status("500")
        raise
    finally:
        request.end_mounted()
        request.is_over = True
        request.leave(tokens)


def _hear(request, message):
    kind = message["type"]
    if kind in ("http.response.start", "websocket.http.response.start"):
        request.status(message["status"])
    elif kind == "websocket.accept":
        request.status(101)
    elif kind == "websocket.close" and request.code is None:
        request.status(403)


def enter_at(owner, known):
    """Has the calls of a framework's application entered; `known(application, scope)` is called in the request."""

    def make(original):
        async def entered(self, scope, receive, send):
            _tell(known, self, scope)
            return await original(self, scope, receive, send)

        async def __call__(self, scope, receive, send):
            if requests.is_of_here(scope.get("headers")):
                # Entered at the server: no more frames in a traceback than this one.
                _tell(known, self, scope)
                return await original(self, scope, receive, send)
            return await serve(partial(entered, self), scope, receive, send)

        return __call__

    replace(owner, "__call__", make)


def _tell(known, application, scope):
    try:
        known(application, scope)
    except Exception:
        pass
