"""What Django, REST framework and Ninja make of the routes that a program has."""

import asyncio

import django
from django.conf import settings

settings.configure(
    ROOT_URLCONF="django_site",
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="x",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
    MIDDLEWARE=["django.middleware.locale.LocaleMiddleware"],
    LANGUAGES=[("en", "English"), ("de", "Deutsch")],
    LANGUAGE_CODE="en",
    USE_I18N=True,
    LOGGING_CONFIG=None,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

import asking
from django.conf.urls.i18n import i18n_patterns
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views import View
from django.views.generic import FormView, RedirectView
from ninja import NinjaAPI
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.urlpatterns import format_suffix_patterns
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet


class Things(ViewSet):
    def list(self, request, format=None):
        return Response([])

    def create(self, request, format=None):
        return Response({}, status=201)


class Ping(APIView):
    def get(self, request, format=None):
        return Response("pong")


class Own(View):
    def put(self, request):
        return HttpResponse()


def page(request):
    return HttpResponse("page")


ninja = NinjaAPI()


@ninja.get("/cats/{int:number}")
def read(request, number: int):
    return number


@ninja.delete("/cats/{int:number}")
def remove(request, number: int):
    return number


router = DefaultRouter()
router.register("things", Things, basename="thing")
urlpatterns = [
    path("api/", include(router.urls)),
    path("extra/", include(format_suffix_patterns([path("ping", Ping.as_view())]))),
    path("ninja/", ninja.urls),
    path("old", RedirectView.as_view(url="/own")),
    path("own", Own.as_view()),
    path("form", FormView.as_view()),
] + i18n_patterns(
    path("hello/", page), re_path("^bye/$", page), path("never/", page), prefix_default_language=False
)

if __name__ == "__main__":
    import sys

    sys.modules["django_site"] = sys.modules["__main__"]
    application = get_wsgi_application()
    for method, place in [
        ("GET", "/api/things/"),
        ("GET", "/api/things.json"),
        ("PATCH", "/api/things.json"),
        ("GET", "/extra/ping.json"),
        ("GET", "/ninja/cats/3"),
        ("GET", "/ninja/openapi.json"),
        ("GET", "/old"),
        ("GET", "/hello/"),
        ("GET", "/de/hello/"),
        ("GET", "/bye/"),
    ]:
        asking.wsgi(application, method, place)
    # Django's test clients go by no handler of a server.
    from django.test import AsyncClient, Client

    Client().get("/api/")
    asyncio.run(AsyncClient().get("/own"))
