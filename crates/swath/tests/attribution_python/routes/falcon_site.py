"""Falcon's sinks."""

import asking
import falcon


def sink(request, response, rest):
    response.text = rest


application = falcon.App()
application.add_sink(sink, r"/sink/(?P<rest>.*)")
application.add_sink(sink, "/other")

if __name__ == "__main__":
    for path in ["/sink/a/b", "/nowhere"]:
        asking.wsgi(application, "GET", path)
