from conftest import Client, wait_for


def test_the_service_is_live_and_ready(client):
    assert client.get("/live") == (200, {"status": "live"})
    assert client.get("/ready")[0] == 200
    assert client.response("GET", "/live").headers["X-Xy-Version"]


def test_strangers_may_read_but_not_write(stranger):
    assert stranger.get("/points")[0] == 200
    status, body = stranger.post("/points", {"name": "graffiti", "x": 0, "y": 0})
    assert (status, body["error"]) == (401, "unauthorized")
    assert Client(key="guessed").post("/points", {})[0] == 401


def test_unknown_paths_and_methods_have_json_errors(client):
    assert client.get("/nowhere")[1]["error"] == "not-found"
    assert client.call("PATCH", "/points")[1]["error"] == "method-not-allowed"


def test_changes_are_in_the_journal(client, points):
    points("logged", 0, 0)
    client.post("/points/logged/move", {"dx": 1, "dy": 1})

    def events():
        _, body = client.get("/journal/logged")
        found = [event["event"] for event in body["events"]]
        return found if len(found) >= 2 else None

    # Either worker may have written first.
    assert {"added", "moved"} <= set(wait_for(events))


def test_exports(client, points):
    points("exported-a", 1, 2, "exported", "red")
    points("exported-b", 3, 4, "exported")
    response = client.response("GET", "/export.csv", params={"tag": "exported"})
    assert response.text == "name,x,y,tags\nexported-a,1.0,2.0,exported red\nexported-b,3.0,4.0,exported\n"
    response = client.response("GET", "/export.geojson", params={"tag": "exported"})
    assert response.headers["Content-Type"] == "application/geo+json"
    assert len(response.json()["features"]) == 2
    assert client.get("/export.doc")[0] == 404
