"""aiohttp's client, websockets among its requests."""

from swath_attribution import baggage
from swath_attribution.wrapping import replace_before


def patch(module):
    for name in ("send", "_send"):
        if replace_before(module.ClientRequest, name, _add):
            return


def _add(request, *_arguments, **_options):
    header = baggage.outgoing(",".join(request.headers.getall("baggage", ())))
    if header is not None:
        request.headers["baggage"] = header
