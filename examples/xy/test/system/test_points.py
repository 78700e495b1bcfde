import pytest


def test_a_point_is_added_shown_and_removed(client):
    status, body = client.post("/points", {"name": "home", "x": 1, "y": 2.5, "tags": ["A ", "b", "a"]})
    assert status == 201
    assert body == {"name": "home", "x": 1.0, "y": 2.5, "tags": ["a", "b"]}
    assert client.get("/points/home") == (200, body)
    assert client.call("DELETE", "/points/home") == (204, None)
    assert client.get("/points/home")[0] == 404
    assert client.call("DELETE", "/points/home")[0] == 404


def test_a_name_can_be_taken_once(client, points):
    points("corner", 0, 0)
    status, body = client.post("/points", {"name": "corner", "x": 1, "y": 1})
    assert (status, body["error"], body["details"]) == (409, "conflict", {"name": "corner"})


def test_put_adds_or_replaces(client):
    assert client.call("PUT", "/points/tower", json={"x": 1, "y": 1})[0] == 201
    assert client.call("PUT", "/points/tower", json={"x": 2, "y": 2})[0] == 200
    assert client.get("/points/tower")[1]["x"] == 2
    assert client.call("DELETE", "/points/tower")[0] == 204


def test_a_point_moves(client, points):
    points("cart", 1, 1, "wheels")
    status, body = client.post("/points/cart/move", {"dx": 2, "dy": -1})
    assert (status, body) == (200, {"name": "cart", "x": 3.0, "y": 0.0, "tags": ["wheels"]})


def test_long_lists_come_in_pages(client, points):
    names = [f"page-{number:02}" for number in range(12)]
    for name in names:
        points(name, 0, 0, "paged")
    _, body = client.get("/points", tag="paged")
    found = [point["name"] for point in body["points"]]
    assert len(found) == 5
    _, body = client.get("/points", size=5)
    seen = [point["name"] for point in body["points"]]
    while "next" in body:
        _, body = client.get(body["next"])
        seen += [point["name"] for point in body["points"]]
    assert set(names) <= set(seen)


@pytest.mark.parametrize("body", [
    {"name": "Upper", "x": 0, "y": 0},
    {"name": "n", "x": "0", "y": 0},
    {"name": "n", "x": 0, "y": 2e9},
    {"name": "n", "x": 0, "y": 0, "tags": "one"},
    {"name": "n", "x": 0, "y": 0, "tags": ["t"] * 9},
    {"name": "n", "x": 0, "y": 0, "tags": [" "]},
    {"name": "n", "x": 0, "y": 0, "colour": "red"},
    ["n", 0, 0],
])
def test_what_is_no_point_is_refused(client, body):
    status, answer = client.post("/points", body)
    assert (status, answer["error"]) == (400, "invalid")


def test_a_foreign_cursor_is_refused(client):
    assert client.get("/points", cursor="a")[0] == 400
