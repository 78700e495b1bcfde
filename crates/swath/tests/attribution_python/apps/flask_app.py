import stand_in
from flask import Flask

app = Flask(__name__)


@app.get("/points/<int:point>")
def point(point):
    stand_in.ran("point")
    return {"point": point}


@app.get("/stream/<int:count>")
def stream(count):
    def steps():
        for step in range(count):
            stand_in.ran("step")
            yield "step %d\n" % step

    return steps()


@app.get("/broken")
def broken():
    stand_in.ran("broken")
    raise RuntimeError("broken")


@app.post("/never")
def never():
    return ""
