"""Each client sends two tests to each server. The points that it asks for are its own."""

import asyncio
import http.client
import json
import os
import urllib.request
import zlib

import pytest
import stand_in

# Name, port, and whether it has web sockets.
SERVERS = json.loads(os.environ["STAND_IN_SERVERS"])


def with_http_client(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Baggage": "own=1"})
    return connection.getresponse().read().decode()


def with_urllib(port, path):
    return urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path)).read().decode()


sessions = {}


def kept(make):
    if make not in sessions:
        sessions[make] = make()
    return sessions[make]


def with_requests(port, path):
    import requests

    return kept(requests.Session).get("http://127.0.0.1:%d%s" % (port, path)).text


def with_urllib3(port, path):
    import urllib3

    return kept(urllib3.PoolManager).request("GET", "http://127.0.0.1:%d%s" % (port, path)).data.decode()


def with_httpx(port, path):
    import httpx

    return kept(httpx.Client).get("http://127.0.0.1:%d%s" % (port, path)).text


def with_httpx_async(port, path):
    import httpx

    async def get():
        async with httpx.AsyncClient(verify=False) as client:
            return (await client.get("http://127.0.0.1:%d%s" % (port, path))).text

    return asyncio.run(get())


def with_aiohttp(port, path):
    import aiohttp

    async def get():
        async with aiohttp.ClientSession() as session:
            async with session.get("http://127.0.0.1:%d%s" % (port, path)) as answer:
                return await answer.text()

    return asyncio.run(get())


def with_boto3(port, path):
    boto3 = pytest.importorskip("boto3")

    def make():
        from botocore.config import Config

        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        return boto3.Session("x", "x", region_name="x"), config

    session, config = kept(make)
    client = session.client("s3", endpoint_url="http://127.0.0.1:%d" % port, config=config)
    bucket, key = path[1:].split("/")
    return client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


CLIENTS = [
    with_http_client,
    with_urllib,
    with_requests,
    with_urllib3,
    with_httpx,
    with_httpx_async,
    with_aiohttp,
    with_boto3,
]


def websockets_sync(port, path):
    from websockets.sync.client import connect

    with connect("ws://127.0.0.1:%d%s" % (port, path)) as socket:
        socket.send("text")
        return socket.recv()


def websockets_async(port, path):
    from websockets.asyncio.client import connect

    async def talk():
        async with connect("ws://127.0.0.1:%d%s" % (port, path)) as socket:
            await socket.send("text")
            return await socket.recv()

    return asyncio.run(talk())


def websocket_client(port, path):
    import websocket

    socket = websocket.create_connection("ws://127.0.0.1:%d%s" % (port, path), timeout=20, header=["Baggage: own=1"])
    try:
        socket.send("text")
        return socket.recv()
    finally:
        socket.close()


def websocket_client_app(port, path):
    import websocket

    received = []

    def take(app, text):
        received.append(text)
        app.close()

    app = websocket.WebSocketApp(
        "ws://127.0.0.1:%d%s" % (port, path), on_open=lambda app: app.send("text"), on_message=take
    )
    app.run_forever()
    return received[0]


def aiohttp_socket(port, path):
    import aiohttp

    async def talk():
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect("http://127.0.0.1:%d%s" % (port, path)) as socket:
                await socket.send_str("text")
                return await socket.receive_str()

    return asyncio.run(talk())


SOCKETS = [websockets_sync, websockets_async, websocket_client, websocket_client_app, aiohttp_socket]


def own_point(request, what):
    """A number that no other test has, which is told to the log."""
    point = zlib.crc32(("%s %s" % (request.node.nodeid, what)).encode())
    stand_in.agent.log("sent", "%s %d" % (what, point), request.node.nodeid)
    return point


@pytest.mark.parametrize("which", ["one", "other"])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server[0])
def test_request(request, server, client, which):
    point = own_point(request, "point")
    assert json.loads(client(server[1], "/points/%d" % point)) == {"point": point}
    point = own_point(request, "step")
    assert client(server[1], "/stream/%d" % point) == "step 0\nstep 1\nstep 2\n"


@pytest.mark.parametrize("which", ["one", "other"])
@pytest.mark.parametrize("client", SOCKETS)
@pytest.mark.parametrize("server", [server for server in SERVERS if server[2]], ids=lambda server: server[0])
def test_socket(request, server, client, which):
    assert client(server[1], "/socket/%d" % own_point(request, "socket")) == "text"


@pytest.mark.parametrize("which", ["one", "other"])
@pytest.mark.parametrize("last", [server for server in SERVERS if server[3]], ids=lambda server: server[0])
@pytest.mark.parametrize("first", [server for server in SERVERS if server[3]], ids=lambda server: server[0])
def test_two_services_in_a_row(request, first, last, which):
    point = own_point(request, "point")
    text = with_requests(first[1], "/forward/%d/%d" % (last[1], point))
    assert json.loads(text) == {"point": point}
