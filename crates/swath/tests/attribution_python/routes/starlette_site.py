"""Mounts, also below what gives an application the whole path again, as the routing of Connexion does."""

import asking
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router


async def page(request):
    return PlainTextResponse("page")


async def plain(scope, receive, send):
    await PlainTextResponse("plain")(scope, receive, send)


def again(application):
    async def call(scope, receive, send):
        whole = scope["whole"]
        return await application({**scope, **whole, "path_params": {}}, receive, send)

    return call


inner = Router([Mount("/v2", routes=[Route("/pets/{pet}", page), Mount("/files", plain)])])
routing = Router([Mount("/v2", again(inner)), Mount("/{level}", routes=[Mount("", routes=[Route("/leaf/{leaf}", page)])])])


async def keeping(scope, receive, send):
    whole = {"path": scope["path"], "root_path": scope["root_path"]}
    await routing({**scope, "whole": whole}, receive, send)


async def says_its_root(scope, receive, send):
    await Router([Route("/own/{page}", page)])({**scope, "root_path": "/said", "path": "/said/own/1"}, receive, send)


application = Starlette(routes=[Mount("/said", says_its_root), Mount("/", keeping)])

if __name__ == "__main__":
    for path in ["/v2/pets/3", "/v2/files/a", "/deep/leaf/4", "/said/own/1"]:
        asking.asgi(application, "GET", path)
