"""From what a client sent to values that the rest can trust."""

import math
import re

from xy.errors import Invalid
from xy.point import Point

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
MOST_TAGS = 8
LIMIT = 1e9


def json_object(request):
    """The request's body, which must be one JSON object."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid("the body is no JSON object")
    return body


def point(body, name=None):
    unknown = sorted(set(body) - {"name", "x", "y", "tags"})
    if unknown:
        raise Invalid("unknown fields", fields=unknown)
    return Point(
        name=point_name(body.get("name") if name is None else name),
        x=coordinate(body, "x"),
        y=coordinate(body, "y"),
        tags=tag_list(body.get("tags", [])),
    )


def point_name(value):
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise Invalid(
            "a name has 1 to 40 characters: a lower-case letter, "
            "then lower-case letters, digits and hyphens",
            name=value,
        )
    return value


def coordinate(body, field):
    value = body.get(field)
    # bool is a kind of int.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(f"{field} is no number")
    if not math.isfinite(value) or abs(value) > LIMIT:
        raise Invalid(f"{field} is out of range", limit=LIMIT)
    return float(value)


def tag_list(value):
    if not isinstance(value, list):
        raise Invalid("tags is no list")
    if len(value) > MOST_TAGS:
        raise Invalid(f"more than {MOST_TAGS} tags")
    seen = []
    for tag in value:
        if not isinstance(tag, str) or not tag.strip():
            raise Invalid("a tag is no text", tag=tag)
        tag = tag.strip().lower()
        if tag in seen:
            continue
        seen.append(tag)
    return tuple(seen)


def query_number(arguments, name, default=None, least=None):
    text = arguments.get(name)
    if text is None:
        if default is None:
            raise Invalid(f"the parameter {name} is missing")
        return default
    try:
        number = float(text)
    except ValueError:
        raise Invalid(f"the parameter {name} is no number", value=text) from None
    if not math.isfinite(number):
        raise Invalid(f"the parameter {name} is out of range", value=text)
    if least is not None and number < least:
        raise Invalid(f"the parameter {name} is below {least}", value=text)
    return number
