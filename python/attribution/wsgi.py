"""WSGI applications, entered at servers and frameworks."""

from swath_attribution import path, request as requests
from swath_attribution.work import entered
from swath_attribution.wrapping import Wrapped, replace


class Application(Wrapped):
    """An application as a server has it."""

    def __call__(self, environ, start_response):
        return serve(self._swath_application, environ, start_response)


# Has an application entered for each of its requests.
wrapped = Application.around


def _text(value):
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


def begin(environ):
    """The request that begins here; None if it has begun further out, or swath fails."""
    try:
        script = environ.get("SCRIPT_NAME") or ""
        request = requests.begin(
            environ["REQUEST_METHOD"],
            _text(script + (environ.get("PATH_INFO") or "/")),
            environ.get("HTTP_BAGGAGE"),
            environ.get("wsgi.input"),
        )
        if request is not None:
            request.script = script
        return request
    except Exception:
        return None


def mounted(request, environ):
    """The part of the path by which a dispatcher among the middleware has chosen the application."""
    script = environ.get("SCRIPT_NAME") or ""
    if len(script) > len(request.script) and script.startswith(request.script):
        return path.folded(_text(script[len(request.script) :])).rstrip("/")
    return ""


def serve(application, environ, start_response):
    """Calls an application, for the request if it has not been entered further out."""
    request = begin(environ)
    if request is None:
        return application(environ, start_response)
    tokens = entered(request)
    answer = _Answer(request, start_response)
    try:
        result = application(environ, answer.start)
    except Exception:
        answer.failed()
        raise
    finally:
        request.leave(tokens)
        request.is_over = True
    return answer.body(environ, result)


class _Answer:
    """What is answered. Until the first byte is out, an exception turns it into 500."""

    def __init__(self, request, start_response):
        self.request = request
        self.start_response = start_response
        self.code = None
        self.is_out = False

    def start(self, status, *arguments, **options):
        self.code = status
        return self.start_response(status, *arguments, **options)

    def failed(self):
        if not self.is_out:
            self.is_out = True
            self.request.status("500")

    def out(self):
        if not self.is_out and self.code is not None:
            self.is_out = True
            self.request.status(self.code)

    def body(self, environ, result):
        try:
            # Nothing of the program runs in these, and servers look at them.
            if type(result) in (list, tuple) or hasattr(result, "fileno"):
                self.out()
                return result
            wrapper = environ.get("wsgi.file_wrapper")
            if isinstance(wrapper, type) and isinstance(result, wrapper):
                self.out()
                return result
            return (_SizedBody if hasattr(result, "__len__") else _Body)(result, self)
        except Exception:
            return result


class _Body:
    """A body that is made while it is sent."""

    def __init__(self, result, answer):
        self._swath_result = result
        self._swath_answer = answer
        self._swath_steps = None

    def __iter__(self):
        return self

    def __next__(self):
        answer = self._swath_answer
        tokens = entered(answer.request)
        try:
            if self._swath_steps is None:
                self._swath_steps = iter(self._swath_result)
            step = next(self._swath_steps)
        except StopIteration:
            answer.out()
            raise
        except Exception:
            answer.failed()
            raise
        finally:
            answer.request.leave(tokens)
        if step:
            answer.out()
        return step

    def close(self):
        answer = self._swath_answer
        close = getattr(self._swath_result, "close", None)
        tokens = entered(answer.request)
        try:
            answer.out()
            if close is not None:
                close()
        finally:
            answer.request.leave(tokens)

    def __del__(self):
        # Whoever calls an application in its own process may not want the body.
        self._swath_answer.out()

    def __getattr__(self, name):
        return getattr(self._swath_result, name)


class _SizedBody(_Body):
    def __len__(self):
        return len(self._swath_result)


def enter_at(owner, known):
    """Has the calls of a framework's application entered; `known(application, environ)` is called in the request."""

    def make(original):
        def __call__(self, environ, start_response):
            def application(environ, start_response):
                try:
                    known(self, environ)
                except Exception:
                    pass
                return original(self, environ, start_response)

            return serve(application, environ, start_response)

        return __call__

    replace(owner, "__call__", make)
