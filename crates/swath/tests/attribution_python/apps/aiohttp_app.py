import asyncio
import sys

import aiohttp
import stand_in
from aiohttp import web


async def point(request):
    point = int(request.match_info["point"])
    await asyncio.sleep(0.001)
    stand_in.ran("point %d" % point)
    return web.json_response({"point": point})


async def stream(request):
    async def steps():
        for step in range(3):
            stand_in.ran("step %s" % request.match_info["point"])
            await asyncio.sleep(0)
            yield b"step %d\n" % step

    return web.Response(body=steps())


async def forward(request):
    async with aiohttp.ClientSession() as session:
        async with session.get("http://127.0.0.1:%(port)s/points/%(point)s" % request.match_info) as answer:
            return web.Response(text=await answer.text())


async def broken(request):
    stand_in.ran("broken")
    raise RuntimeError("broken")


async def never(request):
    return web.Response()


class View(web.View):
    async def put(self):
        return web.Response()


async def socket(request):
    answer = web.WebSocketResponse()
    await answer.prepare(request)
    text = await answer.receive_str()
    stand_in.ran("socket %s" % request.match_info["point"])
    await answer.send_str(text)
    await answer.close()
    return answer


app = web.Application()
inner = web.Application()
inner.add_routes([web.get("/{point}", stream)])
app.add_routes(
    [
        web.get("/points/{point:\\d+}", point),
        web.get("/forward/{port}/{point}", forward),
        web.get("/broken", broken),
        web.post("/never", never),
        web.view("/view", View),
        web.get("/socket/{point}", socket),
    ]
)
app.add_subapp("/stream", inner)

if __name__ == "__main__":
    web.run_app(app, port=int(sys.argv[1]), print=None)
