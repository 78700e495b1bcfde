import concurrent.futures
import os
import urllib.error
import urllib.request

import pytest

SHOP = os.environ["SHOP"]


def ask(path, data=None):
    request = urllib.request.Request(SHOP + path, data=data)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        error.read()
        return error.code


@pytest.fixture
def known():
    assert ask("/search?word=1") == 200
    yield
    assert ask("/search?word=none") == 200


def each(paths):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return set(pool.map(ask, paths))


@pytest.mark.parametrize("number", range(1, 7))
def test_price(number):
    assert each([f"/prices/{number}"] * 4) == {200}


@pytest.mark.parametrize("number", range(1, 6))
def test_stock(number):
    assert each([f"/stock/{number}"] * 4) == {200}


@pytest.mark.parametrize("number", [1, 2, 3, 5, 7])
def test_order(number):
    assert ask("/orders", str(number).encode()) == (500 if number == 7 else 201)


@pytest.mark.parametrize("number", range(3))
def test_lines(number):
    assert each([f"/lines/{number}"] * 2) == {200}


def test_known(known):
    assert each(["/prices/12", "/prices/13", "/stock/3", "/lines/1"]) == {200}


def test_unknown():
    assert each(["/stock/91", "/nowhere"]) == {404}


def test_nothing():
    pass
