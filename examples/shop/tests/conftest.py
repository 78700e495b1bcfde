"""The tests know the catalog by its address, and nothing of the service behind it."""

import json
import os
import urllib.error
import urllib.request

import pytest

URL = os.environ.get("CATALOG_URL", "http://127.0.0.1:8901")


def ask(method, path, **body):
    data = json.dumps(body).encode() if body else None
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or "null")


@pytest.fixture
def product():
    _, made = ask("POST", "/products", name="pen", cents=1000)
    yield made
    ask("DELETE", f"/products/{made['id']}")
