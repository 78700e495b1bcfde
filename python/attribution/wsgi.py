"""WSGI applications, entered at servers and frameworks.

What is here runs for each request, so it calls few functions.
"""

from swath_attribution import path, request as requests
from swath_attribution.current import served
from swath_attribution.request import serve as enter, served_here, unserve as leave
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
        whole = script + (environ.get("PATH_INFO") or "/")
        request = requests.begin(
            environ["REQUEST_METHOD"],
            whole if whole.isascii() else _text(whole),
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
    tokens = enter(request.number, served, request)
    answer = _Answer(request, start_response)
    try:
        result = application(environ, answer.start)
    except Exception:
        answer.failed()
        raise
    finally:
        leave(request.number, served, tokens)
        request.is_over = True
    return answer.body(environ, result)


class _Answer:
    """What is answered. Until the first byte is out, an exception turns it into 500."""

    code = None
    is_out = False

    def __init__(self, request, start_response):
        self.request = request
        self.start_response = start_response

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

    _swath_steps = None

    def __init__(self, result, answer):
        self._swath_result = result
        self._swath_answer = answer

    def __iter__(self):
        return self

    def __next__(self):
        answer = self._swath_answer
        request = answer.request
        tokens = enter(request.number, served, request)
        try:
            if self._swath_steps is None:
                self._swath_steps = iter(self._swath_result)
            step = next(self._swath_steps)
        except StopIteration:
            if not answer.is_out:
                answer.out()
            raise
        except Exception:
            answer.failed()
            raise
        finally:
            leave(request.number, served, tokens)
        if step and not answer.is_out:
            answer.out()
        return step

    def close(self):
        answer = self._swath_answer
        close = getattr(self._swath_result, "close", None)
        request = answer.request
        tokens = enter(request.number, served, request)
        try:
            if not answer.is_out:
                answer.out()
            if close is not None:
                close()
        finally:
            leave(request.number, served, tokens)

    def __del__(self):
        # Whoever calls an application in its own process may not want the body.
        if not self._swath_answer.is_out:
            self._swath_answer.out()

    def __getattr__(self, name):
        return getattr(self._swath_result, name)


class _SizedBody(_Body):
    def __len__(self):
        return len(self._swath_result)


# Applications that are known, by themselves and what mounts them. Offers keep them, so that no other one gets their
# identity.
_known = set()


def _know(application, environ, request, known):
    """Calls `known` once for an application and the mount that has led to it."""
    try:
        mount = (id(application), request.script, environ.get("SCRIPT_NAME"))
        if mount not in _known:
            if len(_known) >= 1000:
                _known.clear()
            _known.add(mount)
            known(application, environ)
    except Exception:
        pass


def enter_at(owner, known):
    """Has the calls of a framework's application entered; `known(application, environ)` is called in a request."""

    def make(original):
        def __call__(self, environ, start_response):
            request = served_here()
            if request is not None and not request.is_over and requests.is_of(request, environ.get("wsgi.input")):
                # Entered at the server.
                _know(self, environ, request, known)
                return original(self, environ, start_response)

            def application(environ, start_response):
                request = requests.of_here()
                if request is not None:
                    _know(self, environ, request, known)
                return original(self, environ, start_response)

            return serve(application, environ, start_response)

        return __call__

    replace(owner, "__call__", make)
