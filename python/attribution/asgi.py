"""ASGI applications, entered at servers and frameworks."""

from swath_attribution import request as requests
from swath_attribution.work import entered
from swath_attribution.wrapping import Wrapped, replace


class Application(Wrapped):
    """An application as a server has it."""

    async def __call__(self, scope, receive, send):
        return await serve(self._swath_application, scope, receive, send)


# Has an application entered for each of its requests.
wrapped = Application.around


def _begin(scope):
    try:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return None
        headers = scope["headers"]
        values = [value.decode("latin-1") for name, value in headers if name.lower() == b"baggage"]
        method = scope["method"] if kind == "http" else "WEBSOCKET"
        return requests.begin(method, scope["path"] or "/", ",".join(values), headers)
    except Exception:
        return None


async def serve(application, scope, receive, send):
    """Calls an application, for the request if it has not been entered further out."""
    request = _begin(scope)
    if request is None:
        return await application(scope, receive, send)

    async def sending(message):
        try:
            _hear(request, message)
        except Exception:
            pass
        return await send(message)

    tokens = entered(request)
    try:
        return await application(scope, receive, sending)
    except Exception:
        if request.code is None:
            request.status("500")
        raise
    finally:
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
    """Has the calls of a framework's application entered; `known(application)` is called in the request."""

    def make(original):
        async def __call__(self, scope, receive, send):
            async def application(scope, receive, send):
                try:
                    known(self)
                except Exception:
                    pass
                return await original(self, scope, receive, send)

            return await serve(application, scope, receive, send)

        return __call__

    replace(owner, "__call__", make)
