"""Paths and methods of requests as they are counted: without what differs from request to request."""

LONGEST = 512
_NUMBER = frozenset("0123456789-.:,_+")
_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdefABCDEF-")
_TOKEN = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_=.~")
# Methods that are counted as they are.
USUAL = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "WEBSOCKET"))
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def method(name):
    """The method in upper case; OTHER if it is none that a program would have a route for."""
    if name in USUAL:
        return name
    name = name.upper()
    return name if 0 < len(name) <= 20 and _LETTERS.issuperset(name) else "OTHER"


def folded(path):
    """The path with numbers and identifiers folded, as there is no route to tell them by."""
    path = path.partition("?")[0]
    text = "/".join([_segment(segment) for segment in path.split("/")])
    if not text.startswith("/"):
        text = "/" + text
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _segment(segment):
    if not segment:
        return segment
    if "@" in segment or not segment.isprintable():
        return "{id}"
    stem, dot, suffix = segment.rpartition(".")
    if dot and stem and suffix.isalpha() and len(suffix) <= 5:
        return _stem(stem) + "." + suffix
    return _stem(segment)


def _stem(text):
    has_digit = not _DIGITS.isdisjoint(text)
    if has_digit and _NUMBER.issuperset(text):
        return "{n}"
    if has_digit and len(text) >= 8 and _HEX.issuperset(text):
        return "{id}"
    if len(text) >= 16 and _HEX.issuperset(text) and "-" not in text:
        return "{id}"
    if len(text) >= 20 and has_digit and _TOKEN.issuperset(text) and not _is_words(text):
        return "{id}"
    return text if len(text) <= 64 else "{id}"


def _is_words(text):
    """Whether most of it are words with digits among them: `release-notes-for-version-2`."""
    parts = text.replace("_", "-").replace(".", "-").split("-")
    return len(parts) >= 3 and all(part.isalpha() or (part.isdigit() and len(part) <= 4) for part in parts)
