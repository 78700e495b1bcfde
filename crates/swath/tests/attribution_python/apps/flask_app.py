import threading

import requests
import stand_in
from flask import Flask, request

app = Flask(__name__)


@app.get("/points/<int:point>")
def point(point):
    stand_in.ran("point %d" % point)
    thread = threading.Thread(target=stand_in.ran, args=["thread %d" % point])
    thread.start()
    thread.join()
    return {"point": point}


@app.get("/stream/<int:point>")
def stream(point):
    def steps():
        for step in range(3):
            stand_in.ran("step %d" % point)
            yield "step %d\n" % step

    return steps()


@app.get("/forward/<int:port>/<int:point>")
def forward(port, point):
    return requests.get("http://127.0.0.1:%d/points/%d" % (port, point)).text


@app.get("/header")
def header():
    return request.headers.get("baggage", "")


@app.get("/broken")
def broken():
    stand_in.ran("broken")
    raise RuntimeError("broken")


@app.post("/never")
def never():
    return ""
