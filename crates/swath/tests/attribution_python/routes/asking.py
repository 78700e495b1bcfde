"""Asks an application in this process, as a server would."""

import asyncio
from wsgiref.util import setup_testing_defaults


def wsgi(application, method, path, **headers):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path}
    environ.update(("HTTP_" + name.upper(), value) for name, value in headers.items())
    setup_testing_defaults(environ)
    answer = application(environ, lambda status, headers, error=None: None)
    b"".join(answer)
    getattr(answer, "close", int)()


def asgi(application, method, path):
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "query_string": b"", "headers": []}

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message):
        pass

    asyncio.run(application(scope, receive, send))
