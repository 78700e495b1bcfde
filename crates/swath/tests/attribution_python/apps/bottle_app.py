import bottle
import stand_in

app = bottle.Bottle()
inner = bottle.Bottle()


@app.get("/points/<point:int>")
def point(point):
    stand_in.ran("point %d" % point)
    return {"point": point}


@inner.get("/<point:int>")
def stream(point):
    for step in range(3):
        stand_in.ran("step %d" % point)
        yield "step %d\n" % step


@app.get("/broken")
def broken():
    stand_in.ran("broken")
    raise RuntimeError("broken")


@app.post("/never")
def never():
    return ""


app.mount("/stream/", inner)
