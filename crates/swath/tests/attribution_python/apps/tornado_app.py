import asyncio
import sys

import stand_in
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler


class Point(RequestHandler):
    async def get(self, point):
        await asyncio.sleep(0.001)
        stand_in.ran("point %s" % point)
        self.write({"point": int(point)})


class Stream(RequestHandler):
    async def get(self, point):
        for step in range(3):
            stand_in.ran("step %s" % point)
            self.write("step %d\n" % step)
            await self.flush()


class Broken(RequestHandler):
    def get(self):
        stand_in.ran("broken")
        raise RuntimeError("broken")


class Never(RequestHandler):
    def post(self):
        pass


class Socket(WebSocketHandler):
    def open(self, point):
        self.point = point

    def on_message(self, message):
        stand_in.ran("socket %s" % self.point)
        self.write_message(message)
        self.close()


async def main():
    app = Application(
        [
            (r"/points/(\d+)", Point),
            (r"/stream/(\d+)", Stream),
            (r"/broken", Broken),
            (r"/never", Never),
            (r"/socket/(\d+)", Socket),
        ]
    )
    app.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
