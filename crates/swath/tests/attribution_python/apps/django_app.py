import sys

import stand_in
from django.conf import settings

if not settings.configured:
    settings.configure(
        ROOT_URLCONF="django_app", ALLOWED_HOSTS=["*"], SECRET_KEY="x", INSTALLED_APPS=[], LOGGING_CONFIG=None
    )

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from django.views import View


def point(request, point):
    stand_in.ran("point %d" % point)
    return JsonResponse({"point": point})


def stream(request, point):
    def steps():
        for step in range(3):
            stand_in.ran("step %s" % point)
            yield "step %d\n" % step

    return StreamingHttpResponse(steps())


def broken(request):
    stand_in.ran("broken")
    raise RuntimeError("broken")


class Never(View):
    def post(self, request):
        return HttpResponse()


urlpatterns = [
    path("points/", include([path("<int:point>", point)])),
    re_path(r"^stream/", include([re_path(r"^(?P<point>\d+)$", stream)])),
    path("broken", broken),
    path("never", Never.as_view()),
]
application = get_wsgi_application()
asgi = get_asgi_application()
WSGI_APPLICATION = None

if __name__ == "__main__":
    sys.modules["django_app"] = sys.modules["__main__"]
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
