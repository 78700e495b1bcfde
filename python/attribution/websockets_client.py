"""The handshake of websockets' clients."""

from swath_attribution import baggage
from swath_attribution.wrapping import replace_before


def patch(module):
    for name in ("ClientProtocol", "ClientConnection"):
        owner = vars(module).get(name)
        if owner is not None and owner.__module__ == module.__name__:
            replace_before(owner, "send_request", lambda _protocol, request: _add(request.headers))
    legacy = vars(module).get("WebSocketClientProtocol")
    if legacy is not None and legacy.__module__ == module.__name__:
        replace_before(legacy, "write_http_request", lambda _protocol, _path, headers: _add(headers))


def _add(headers):
    header = baggage.outgoing(",".join(headers.get_all("baggage")))
    if header is not None:
        if "baggage" in headers:
            del headers["baggage"]
        headers["baggage"] = header
