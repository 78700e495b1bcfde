"""One request that is being served."""

from swath_attribution import baggage, current, named, path
from swath_attribution.baggage import parsed
from swath_attribution.current import agent, noted, served

# Bound once: what is found in an imported module is bound anew for each call.
serve, unserve, served_here = agent.serve, agent.unserve, served.get
# The numbers of requests that came before.
_numbers = {}


class Request:
    """A request, from when the outermost of server and framework has it until its answer is made."""

    __slots__ = ("number", "test", "method", "path", "folded", "key", "code", "is_over", "is_routed", "mounts", "mounted", "script")

    def __init__(self, test, method, whole, key=None, folded=None):
        self.test = test
        self.method = method
        self.path = whole
        # How the path is counted where it is not by folding it.
        self.folded = folded
        # What copies of the request's dictionary share with it.
        self.key = key
        self.code = None
        self.is_over = False
        self.is_routed = False
        # The templates of mounts, by the part of the path that they took off.
        self.mounts = {}
        # The template of what was mounted and has no routes of its own.
        self.mounted = None
        self.script = ""
        kept = (test, method, whole)
        number = _numbers.get(kept)
        if number is None:
            number = agent.context("request", test, method, folded or path.folded(whole))
            if len(_numbers) >= 10000:
                _numbers.clear()
            _numbers[kept] = number
        self.number = number

    def enter(self):
        """Says that code now runs for it. Never fails."""
        return serve(self.number, served, self)

    def leave(self, tokens):
        """Takes back one `enter`. Never fails."""
        unserve(self.number, served, tokens)

    def route(self, template):
        """The application answers it by this template of its own."""
        try:
            self.is_routed = True
            note = (self.number, "route", template)
            if note not in noted and self.number:
                current.note(*note)
        except Exception:
            pass

    def end_mounted(self):
        """It was answered by what is mounted, unless a route was found there."""
        if self.mounted is not None and not self.is_routed:
            self.route(self.mounted)

    def status(self, code):
        """It is answered with this."""
        try:
            self.code = code = str(code)[:3]
            note = (self.number, "status", code)
            if note not in noted and self.number and code.isdigit():
                current.note(*note)
        except Exception:
            pass


def begin(method, whole, header, key=None):
    """The request that begins here; None if it has begun further out, or swath fails."""
    try:
        outer = served_here()
        if method not in path.USUAL:
            method = path.method(method)
        test = parsed.get(header) if header else ""
        if test is None:
            test = baggage.parse_test(header)
        if outer is not None and not outer.is_over:
            if is_of(outer, key):
                return None
            # What hides it from the keys still passes on the rest.
            if test in ("", outer.test) and outer.method == method and outer.path.endswith(whole):
                return None
        return Request(test or current.test() or named.test(), method, whole, key)
    except Exception:
        return None


def is_of(request, key):
    """Whether a request began with this key, as it was entered further out."""
    return key is not None and request.key is key


def is_of_here(key):
    """Whether the request that this code serves began with this key, and is still being answered."""
    request = served_here()
    return request is not None and not request.is_over and is_of(request, key)


def of_here():
    """The request that this code serves, if it is still being answered."""
    request = served_here()
    return None if request is None or request.is_over else request


def in_request(begun, function, *arguments, **options):
    """Calls a function for a request that has begun."""
    if begun is None:
        return function(*arguments, **options)
    tokens = begun.enter()
    try:
        return function(*arguments, **options)
    finally:
        begun.is_over = True
        begun.leave(tokens)


def begin_task(test, name):
    """A task that a worker takes from a queue; never fails."""
    try:
        request = Request(test if baggage.is_name(test) else "", "TASK", name, folded=name[: path.LONGEST])
        request.route(name)
        return request
    except Exception:
        return None
