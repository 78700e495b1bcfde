"""One request that is being served."""

from swath_attribution import baggage, current, named, path
from swath_attribution.work import entered

# The numbers of requests that came before.
_numbers = {}


class Request:
    """A request, from when the outermost of server and framework has it until its answer is made."""

    __slots__ = ("number", "test", "method", "path", "folded", "key", "code", "is_over", "is_routed", "prefix", "script")

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
        # The templates of the mounts that lead to the application at hand.
        self.prefix = ""
        self.script = ""
        key = (test, method, whole)
        number = _numbers.get(key)
        if number is None:
            number = current.agent.context("request", test, method, folded or path.folded(whole))
            if len(_numbers) >= 10000:
                _numbers.clear()
            _numbers[key] = number
        self.number = number

    def enter(self):
        """Says that code now runs for it."""
        if self.number:
            current.agent.enter(self.number)
        return current.served.set(self), current.variable.set(self.number)

    def leave(self, tokens):
        """Takes back one `enter`."""
        if tokens is None:
            return
        try:
            current.variable.reset(tokens[1])
            current.served.reset(tokens[0])
        except Exception:
            # A generator is closed in another context than the one it ran in.
            pass
        try:
            if self.number:
                current.agent.leave(self.number)
        except Exception:
            pass

    def route(self, template):
        """The application answers it by this template of its own."""
        try:
            self.is_routed = True
            if self.number:
                current.note(self.number, "route", self.prefix + template)
        except Exception:
            pass

    def status(self, code):
        """It is answered with this."""
        try:
            self.code = str(code)[:3]
            if self.number and self.code.isdigit():
                current.note(self.number, "status", self.code)
        except Exception:
            pass


def begin(method, whole, header, key=None):
    """The request that begins here; None if it has begun further out, or swath fails."""
    try:
        method = path.method(method)
        outer = current.served.get()
        test = baggage.parse_test(header)
        if outer is not None and not outer.is_over:
            if key is not None and outer.key is key:
                return None
            # What hides it from the keys still passes on the rest.
            if test in ("", outer.test) and outer.method == method and outer.path.endswith(whole):
                return None
        return Request(test or current.test() or named.test(), method, whole, key)
    except Exception:
        return None


def of_here():
    """The request that this code serves, if it is still being answered."""
    request = current.served.get()
    return None if request is None or request.is_over else request


def in_request(begun, function, *arguments, **options):
    """Calls a function for a request that has begun."""
    if begun is None:
        return function(*arguments, **options)
    tokens = entered(begun)
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
