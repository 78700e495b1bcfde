import pytest

SQUARE = {"sw": (0, 0), "se": (10, 0), "nw": (0, 10), "ne": (10, 10), "middle": (4, 5)}


@pytest.fixture
def square(points):
    for name, (x, y) in SQUARE.items():
        points(f"square-{name}", x, y, "square")


@pytest.mark.parametrize("metric, distance", [("euclidean", 5), ("manhattan", 7), ("chebyshev", 4)])
def test_the_nearest_point(client, square, metric, distance):
    status, body = client.get("/search/nearest", x=0, y=2, tag="square", metric=metric)
    assert (status, body["point"]["name"], body["distance"]) == (200, "square-sw", 2)
    status, body = client.get("/search/nearest", x=8, y=8, tag="square", metric=metric)
    assert body["point"]["name"] == "square-ne"
    assert distance > body["distance"]


@pytest.mark.parametrize("parameters", [
    {"x": 0},
    {"x": 0, "y": "north"},
    {"x": 0, "y": "inf"},
    {"x": 0, "y": 0, "metric": "crow"},
])
def test_questions_that_make_no_sense(client, parameters):
    status, body = client.get("/search/nearest", **parameters)
    assert (status, body["error"]) == (400, "invalid")


def test_no_point_is_nearest_where_there_is_none(client):
    assert client.get("/search/nearest", x=0, y=0, tag="nowhere")[0] == 404


def test_points_in_a_box(client, square):
    _, body = client.get("/search/box", left=-1, bottom=-1, right=5, top=6, tag="square")
    assert body["points"] == ["square-middle", "square-sw"]
    assert client.get("/search/box", left=5, bottom=0, right=1, top=1)[0] == 400


def test_the_extent(client, square):
    _, body = client.get("/search/extent", tag="square")
    assert body["extent"] == {"left": 0, "bottom": 0, "right": 10, "top": 10}


def test_a_route_visits_every_point(client, square):
    _, body = client.get("/search/route", tag="square")
    assert sorted(body["route"]) == sorted(f"square-{name}" for name in SQUARE)
    assert body["length"] < 40
