"""http.client, and so urllib, requests, urllib3 and boto3."""

from swath_attribution import baggage
from swath_attribution.wrapping import replace_before


def patch(module):
    replace_before(module.HTTPConnection, "endheaders", _add)


def _add(connection, *_arguments, **_options):
    # The lines of the head so far: the request's, then a header each.
    lines = connection._buffer
    if not lines or connection._HTTPConnection__state != "Request-started":
        return
    places = [place for place, line in enumerate(lines) if place and line[:8].lower() == b"baggage:"]
    own = ",".join([lines[place][8:].decode("latin-1").strip() for place in places])
    header = baggage.outgoing(own)
    if header is None:
        return
    for place in reversed(places):
        del lines[place]
    lines.append(b"baggage: " + header.encode("latin-1"))
