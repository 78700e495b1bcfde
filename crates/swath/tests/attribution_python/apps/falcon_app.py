import falcon
import stand_in


class Point:
    def on_get(self, request, response, point):
        stand_in.ran("point %d" % point)
        response.media = {"point": point}


class Stream:
    def on_get_numbered(self, request, response, point):
        response.stream = self.steps(point)

    def steps(self, point):
        for step in range(3):
            stand_in.ran("step %d" % point)
            yield b"step %d\n" % step


class Broken:
    def on_get(self, request, response):
        stand_in.ran("broken")
        raise RuntimeError("broken")


class Never:
    def on_post(self, request, response):
        pass


app = falcon.App()
app.add_route("/points/{point:int}", Point())
app.add_route("/stream/{point:int}", Stream(), suffix="numbered")
app.add_route("/broken", Broken())
app.add_route("/never", Never())
