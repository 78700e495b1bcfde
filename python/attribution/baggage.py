"""The W3C header `baggage`, and swath's member of it: `swath.test=<percent-encoded name of a test>`."""

from urllib.parse import quote, unquote

from swath_attribution import current

KEY = "swath.test"
# What the specification lets a header have.
LONGEST = 8192
MOST_MEMBERS = 64
# What a value may have as it is, besides letters and digits.
_SAFE = "/:[]()@!$&'*+|~?#=-._"

# The names of headers that came before: most requests have the header of another one.
parsed = {}


def is_name(text):
    """Whether this can be the name of a test. It comes from outside."""
    if not 0 < len(text) <= current.LONGEST:
        return False
    return text.isprintable() or not any(
        character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in text
    )


def _value(header):
    """swath's member as it stands in the header."""
    if KEY not in header:
        return None
    for member in header.split(","):
        key, equals, value = member.partition("=")
        if equals and key.strip() == KEY:
            return value.partition(";")[0].strip()
    return None


def parse_test(header):
    """The name of the test; empty if the header has none or one that cannot be."""
    if not header or len(header) > 8 * LONGEST:
        return ""
    name = parsed.get(header)
    if name is None:
        name = _parse(header)
        if len(parsed) >= 1000:
            parsed.clear()
        parsed[header] = name
    return name


def _parse(header):
    value = _value(header)
    # A character takes at most twelve in percent-encoding.
    if value is None or len(value) > 12 * current.LONGEST:
        return ""
    name = unquote(value)
    return name if is_name(name) else ""


def merged(header, test):
    """The header with the member of this test; None if it is to stay as it is."""
    if not test or not is_name(test):
        return None
    header = (header or "").strip()
    if _value(header) is not None:
        return None
    member = KEY + "=" + quote(test, safe=_SAFE)
    if not header:
        return member if len(member) <= LONGEST else None
    both = header + "," + member
    if len(both.encode("utf-8", "replace")) > LONGEST or both.count(",") >= MOST_MEMBERS:
        return None
    return both


def outgoing(header=None):
    """The header of a request that is sent now; None if it is to stay as it is."""
    test = current.sender()
    return merged(header, test) if test else None
