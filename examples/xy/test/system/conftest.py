"""What the system tests share: they know the service by its address alone."""

import os
import time

import pytest
import requests

URL = os.environ.get("XY_URL", "http://127.0.0.1:8000")
API_KEY = os.environ.get("XY_API_KEY", "only-for-tests")


class Client:
    """Calls the service; ``call`` returns status and body."""

    def __init__(self, key=API_KEY):
        self.session = requests.Session()
        if key is not None:
            self.session.headers["X-Api-Key"] = key

    def response(self, method, path, **options):
        return self.session.request(method, URL + path, timeout=30, **options)

    def call(self, method, path, **options):
        response = self.response(method, path, **options)
        return response.status_code, response.json() if response.content else None

    def get(self, path, **parameters):
        return self.call("GET", path, params=parameters)

    def post(self, path, body):
        return self.call("POST", path, json=body)


@pytest.fixture(scope="session")
def client():
    return Client()


@pytest.fixture
def stranger():
    return Client(key=None)


@pytest.fixture
def points(client):
    """Adds points, tagged so that a test finds its own again; removes them afterwards."""
    added = []

    def add(name, x, y, *tags):
        status, body = client.post("/points", {"name": name, "x": x, "y": y, "tags": list(tags)})
        assert status == 201, body
        added.append(name)
        return body

    yield add
    for name in added:
        client.call("DELETE", f"/points/{name}")


def wait_for(probe, limit=20):
    """The first true answer of ``probe``."""
    end = time.monotonic() + limit
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < end, f"waited {limit} s"
        time.sleep(0.05)
