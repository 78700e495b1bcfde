"""Who may write: requests that change something carry the API key."""

import hmac

from flask import current_app, request

from xy.errors import Unauthorized

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "X-Api-Key"


def register(application):
    application.before_request(_check)


def _check():
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get(HEADER)
    if given is None:
        raise Unauthorized(f"the header {HEADER} is missing")
    wanted = current_app.config["XY_SETTINGS"].api_key
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Unauthorized("the API key is wrong")
