import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import stand_in
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

pool = ThreadPoolExecutor(2)
client = httpx.AsyncClient()


async def point(request):
    point = request.path_params["point"]
    await asyncio.sleep(0.001)
    stand_in.ran("point %d" % point)
    if hasattr(asyncio, "to_thread"):
        await asyncio.to_thread(stand_in.ran, "to_thread %d" % point)
    await asyncio.get_running_loop().run_in_executor(pool, stand_in.ran, "pool %d" % point)
    await asyncio.create_task(task(point))
    return JSONResponse({"point": point})


async def task(point):
    await asyncio.sleep(0)
    stand_in.ran("task %d" % point)


async def stream(request):
    async def steps():
        for step in range(3):
            stand_in.ran("step %d" % request.path_params["point"])
            await asyncio.sleep(0)
            yield "step %d\n" % step

    return StreamingResponse(steps())


async def forward(request):
    answer = await client.get("http://127.0.0.1:%(port)d/points/%(point)d" % request.path_params)
    return PlainTextResponse(answer.text)


async def broken(request):
    stand_in.ran("broken")
    raise RuntimeError("broken")


async def socket(websocket):
    await websocket.accept()
    text = await websocket.receive_text()
    stand_in.ran("socket %d" % websocket.path_params["point"])
    await websocket.send_text(text)
    await websocket.close()


async def never(request):
    return JSONResponse({})


class Lifespan:
    def __init__(self, app):
        pass

    async def __aenter__(self):
        stand_in.ran("lifespan")

    async def __aexit__(self, *_):
        pass


app = Starlette(
    lifespan=Lifespan,
    routes=[
        Route("/points/{point:int}", point),
        Route("/forward/{port:int}/{point:int}", forward),
        Route("/broken", broken),
        WebSocketRoute("/socket/{point:int}", socket),
        Mount("/stream", routes=[Route("/{point:int}", stream)]),
        Mount("/inner/{version}", routes=[Route("/never", never, methods=["POST"])]),
    ],
)
