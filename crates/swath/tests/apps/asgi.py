# An ASGI application; the server tells it when it starts and when it stops.
import asyncio
import os


async def lifespan(receive, send):
    message = await receive()
    await send({"type": message["type"] + ".complete"})
    message = await receive()
    await send({"type": message["type"] + ".complete"})


async def nap():
    await asyncio.sleep(0.01)
    return "slept"


async def slow():
    naps = await asyncio.gather(nap(), nap())
    return " ".join(naps)


def in_executor():
    answer = "executor"
    return answer


async def threaded():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, in_executor)


async def late():
    kind = "late"
    return kind


async def unasked():
    kind = "unasked"  # miss
    return kind  # miss


async def parent():
    return str(os.getppid())


async def pid():
    return str(os.getpid())


ROUTES = {"/slow": slow, "/threaded": threaded, "/late": late, "/unasked": unasked, "/parent": parent}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    route = ROUTES.get(scope["path"], pid)
    body = await route()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body.encode()})
