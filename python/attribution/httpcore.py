"""httpcore, below httpx: what is really sent, without a trace in httpx's requests."""

from swath_attribution import baggage
from swath_attribution.wrapping import replace_before


def patch(module):
    for owner, name in (
        ("ConnectionPool", "handle_request"),
        ("AsyncConnectionPool", "handle_async_request"),
    ):
        if hasattr(module, owner):
            # What is awaited starts with what is done before.
            replace_before(getattr(module, owner), name, _add)


def _add(_pool, request):
    own = [value for name, value in request.headers if name.lower() == b"baggage"]
    header = baggage.outgoing(b",".join(own).decode("latin-1"))
    if header is not None:
        rest = [(name, value) for name, value in request.headers if name.lower() != b"baggage"]
        request.headers = rest + [(b"baggage", header.encode("latin-1"))]
