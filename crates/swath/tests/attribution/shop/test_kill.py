import http.client
import threading

import pytest

from test_shop import SHOP, ask


@pytest.mark.parametrize("number", [1, 2, 4])
def test_before(number):
    assert ask(f"/prices/{number}") == 200


def test_die():
    lost = []
    threads = [threading.Thread(target=lose, args=(path, lost)) for path in ("/hang", "/die")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lost) == ["/die", "/hang"]


def lose(path, lost):
    connection = http.client.HTTPConnection(SHOP.rpartition("/")[2], timeout=50)
    connection.request("POST" if path == "/die" else "GET", path, "1" if path == "/die" else None)
    try:
        connection.getresponse()
    except (http.client.HTTPException, ConnectionError):
        lost.append(path)


@pytest.mark.parametrize("number", [1, 5])
def test_after(number):
    assert ask(f"/prices/{number}") == 200
