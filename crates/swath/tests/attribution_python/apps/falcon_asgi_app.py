import falcon.asgi
import stand_in


class Point:
    async def on_get(self, request, response, point):
        stand_in.ran("point %d" % point)
        response.media = {"point": point}


class Stream:
    async def on_get(self, request, response, point):
        response.stream = self.steps(point)

    async def steps(self, point):
        for step in range(3):
            stand_in.ran("step %d" % point)
            yield b"step %d\n" % step


class Broken:
    async def on_get(self, request, response):
        stand_in.ran("broken")
        raise RuntimeError("broken")


class Never:
    async def on_post(self, request, response):
        pass


class Socket:
    async def on_websocket(self, request, socket, point):
        await socket.accept()
        text = await socket.receive_text()
        stand_in.ran("socket %d" % point)
        await socket.send_text(text)
        await socket.close()


app = falcon.asgi.App()
app.add_route("/points/{point:int}", Point())
app.add_route("/stream/{point:int}", Stream())
app.add_route("/broken", Broken())
app.add_route("/never", Never())
app.add_route("/socket/{point:int}", Socket())
