"""Long lists in pages."""

import base64
import binascii

from xy.errors import Invalid


def page(items, key, size, cursor=None):
    """One page of ``items``, which are sorted by ``key``, and the cursor of the next one."""
    if cursor is not None:
        after = _decode(cursor)
        items = [item for item in items if key(item) > after]
    if len(items) <= size:
        return items, None
    items = items[:size]
    return items, _encode(key(items[-1]))


def _encode(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor):
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise Invalid("the cursor is not one of ours", cursor=cursor) from None
