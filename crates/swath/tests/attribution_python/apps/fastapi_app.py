import stand_in
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.responses import StreamingResponse

# Its documentation is nothing that it offers.
app = FastAPI()
router = APIRouter(prefix="/points")
inner = FastAPI()


# Runs in a thread of anyio's.
@router.get("/{point}")
def point(point: int):
    stand_in.ran("point %d" % point)
    return {"point": point}


@inner.get("/{point}")
async def stream(point: int):
    def steps():
        for step in range(3):
            stand_in.ran("step %d" % point)
            yield "step %d\n" % step

    return StreamingResponse(steps())


@app.get("/broken")
def broken():
    stand_in.ran("broken")
    raise RuntimeError("broken")


@app.post("/never")
def never():
    return {}


@app.websocket("/socket/{point}")
async def socket(websocket: WebSocket, point: int):
    await websocket.accept()
    text = await websocket.receive_text()
    stand_in.ran("socket %d" % point)
    await websocket.send_text(text)
    await websocket.close()


app.include_router(router)
app.mount("/stream", inner)
