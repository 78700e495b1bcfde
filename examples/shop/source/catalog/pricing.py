"""What the pricing service knows, asked over HTTP."""

import json
import os
import urllib.error
import urllib.request

URL = os.environ["PRICING_URL"]


class NoPrice(Exception):
    """The pricing service has no answer, and says why."""


def gross(cents, country):
    try:
        with urllib.request.urlopen(f"{URL}/price/{cents}?country={country}", timeout=10) as answer:
            return json.load(answer)["cents"]
    except urllib.error.HTTPError as error:
        raise NoPrice(json.load(error)["problem"]) from error
