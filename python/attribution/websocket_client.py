"""The handshake of websocket-client."""

from swath_attribution import baggage
from swath_attribution.wrapping import replace


def patch(module):
    def make(original):
        def _get_handshake_headers(*arguments, **options):
            made = original(*arguments, **options)
            try:
                _add(made[0])
            except Exception:
                pass
            return made

        return _get_handshake_headers

    replace(module, "_get_handshake_headers", make)


def _add(lines):
    """Adds to the lines of the request: its own, one for each header, and two that are empty."""
    places = [place for place, line in enumerate(lines) if place and line[:8].lower() == "baggage:"]
    header = baggage.outgoing(",".join([lines[place][8:].strip() for place in places]))
    if header is None or lines[-2:] != ["", ""]:
        return
    for place in reversed(places):
        del lines[place]
    lines.insert(-2, "baggage: " + header)
