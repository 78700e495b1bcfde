"""Which test and which endpoint the code of this process runs for.

`start` puts a finder in front of the import system. It imports nothing: what belongs to a server, a framework, a
client or a test runner is read when the program imports that one. Whatever goes wrong in here is swallowed: the
program runs as it would without.
"""

import sys

# The program's module, and the module of this package whose `patch` is given it once it has been executed.
TARGETS = {
    "http.client": "http_client",
    "httpcore._sync.connection_pool": "httpcore",
    "httpcore._async.connection_pool": "httpcore",
    "aiohttp.client_reqrep": "aiohttp_client",
    "websockets.client": "websockets_client",
    "websockets.legacy.client": "websockets_client",
    "websocket._handshake": "websocket_client",
    "playwright._impl._connection": "playwright",
    "playwright._impl.connection": "playwright",
    "selenium.webdriver.remote.webdriver": "selenium",
    "wsgiref.handlers": "wsgiref",
    "werkzeug.serving": "werkzeug",
    "waitress.server": "waitress",
    "gunicorn.workers.base": "gunicorn",
    "gunicorn.workers.gasgi": "gunicorn",
    "uvicorn.config": "uvicorn",
    "hypercorn.app_wrappers": "hypercorn",
    "daphne.server": "daphne",
    "granian.asgi": "granian",
    "granian.wsgi": "granian",
    "flask.app": "flask",
    "django.core.handlers.base": "django",
    "django.core.handlers.wsgi": "django",
    "django.core.handlers.asgi": "django",
    "django.test.client": "django",
    "starlette.applications": "starlette",
    "starlette.routing": "starlette",
    "fastapi.routing": "starlette",
    "aiohttp.web_app": "aiohttp_server",
    "aiohttp.web_protocol": "aiohttp_server",
    "aiohttp.web_urldispatcher": "aiohttp_server",
    "tornado.web": "tornado",
    "tornado.routing": "tornado",
    "falcon.app": "falcon",
    "falcon.asgi.app": "falcon",
    "bottle": "bottle",
    "threading": "threads",
    "concurrent.futures._base": "executors",
    "concurrent.futures.thread": "executors",
    "concurrent.futures.process": "process_executors",
    "loky.process_executor": "process_executors",
    "joblib.externals.loky.process_executor": "process_executors",
    "multiprocessing.process": "processes",
    "multiprocessing.pool": "process_pools",
    "celery.signals": "celery",
    "rq.job": "rq",
    "_pytest.runner": "pytest",
    "unittest.case": "unittest",
    "unittest.async_case": "unittest",
    "behave.model": "behave",
    "robot.running.suiterunner": "robot",
}


def start(agent):
    """Begins: `agent` is the native module."""
    if any(type(finder) is Finder for finder in sys.meta_path):
        return
    bootstrap = sys.modules["_frozen_importlib_external"]

    class Source(bootstrap.SourceFileLoader):
        """A file of this package: no bytecode is written beside it."""

        def set_data(self, *_args, **_options):
            pass

    finder = Finder(bootstrap.spec_from_file_location, Source, __path__[0])
    sys.meta_path.insert(0, finder)
    Finder.agent = agent
    for name in TARGETS:
        module = sys.modules.get(name)
        if module is not None:
            patch(name, module)


def patch(name, module):
    """Has a module of the program patched."""
    try:
        whole = __name__ + "." + TARGETS[name]
        __import__(whole)
        sys.modules[whole].patch(module)
    except Exception as error:
        Finder.failures.append((name, error))


class Finder:
    """Finds the modules of `TARGETS` where the others find them."""

    agent = None
    # Read by this package's tests.
    failures = []

    def __init__(self, spec_from_file, source, folder):
        self.spec_from_file = spec_from_file
        self.source = source
        self.folder = folder

    def find_spec(self, name, path=None, target=None):
        if name not in TARGETS:
            if name.startswith("swath_attribution."):
                file = self.folder + "/" + name[18:] + ".py"
                return self.spec_from_file(name, file, loader=self.source(name, file))
            return None
        is_behind = False
        for finder in list(sys.meta_path):
            if is_behind:
                find = getattr(finder, "find_spec", None)
                spec = None if find is None else find(name, path, target)
                if spec is not None:
                    if hasattr(spec.loader, "exec_module"):
                        spec.loader = Loader(spec.loader)
                    return spec
            elif finder is self:
                is_behind = True
        return None

    def invalidate_caches(self):
        pass


class Loader:
    """Executes one module with its own loader, then has it patched."""

    def __init__(self, loader):
        self.loader = loader

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        create = getattr(self.loader, "create_module", None)
        return None if create is None else create(spec)

    def exec_module(self, module):
        # Whoever asks the module sees its own loader.
        spec = getattr(module, "__spec__", None)
        if getattr(spec, "loader", None) is self:
            spec.loader = self.loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self.loader
        self.loader.exec_module(module)
        patch(module.__name__, module)
