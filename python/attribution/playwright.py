"""Playwright: its own requests, and the browser's by the extra headers of a context.

The headers of a context follow the test: before a command that finds another one than at the last, they are sent anew.
"""

from swath_attribution import baggage, current
from swath_attribution.wrapping import replace

_LEAVING = ("close", "setExtraHTTPHeaders", "updateSubscription", "__waitInfo__", "tracingStop")
# The headers that a program gave the contexts it is about to make.
_MAKING = ("newContext", "newContextForReuse", "launchPersistentContext", "newRequest")


def patch(module):
    for name in ("send_message_to_server", "_send_message_to_server"):
        if replace(module.Connection, name, _sending):
            return


def _sending(original):
    def send(self, object, method, params, *arguments, **options):
        given = None
        try:
            given = _give(self, object, method, params, original)
        except Exception:
            pass
        answer = original(self, object, method, params, *arguments, **options)
        if given is not None:
            _remember(self, answer, given)
        return answer

    return send


def _give(connection, object, method, params, send):
    if method == "fetch" and object._type == "APIRequestContext":
        _merge(params, "headers", _of_context(object))
    elif method == "setExtraHTTPHeaders":
        if object._type == "BrowserContext":
            object._swath_headers = list(params["headers"])
            object._swath_test = current.test()
            _merge(params, "headers")
        elif _has_baggage(params["headers"]):
            _merge(params, "headers")
    elif method in _MAKING and object._type in ("Browser", "BrowserType", "Playwright"):
        return list(params.get("extraHTTPHeaders") or ())
    elif method not in _LEAVING:
        context = _context(object)
        if context is not None and getattr(context, "_swath_test", "") != current.test():
            context._swath_test = current.test()
            own = {"headers": list(getattr(context, "_swath_headers", ()))}
            _merge(own, "headers")
            answer = send(connection, context, "setExtraHTTPHeaders", own, *_rest(send))
            _future(answer).add_done_callback(lambda future: future.cancelled() or future.exception())
    return None


def _rest(send):
    """What else a message of swath's own has in newer versions."""
    return ({"internal": True, "timeout": 0},) if send.__name__ == "send_message_to_server" else ()


def _future(answer):
    return getattr(answer, "future", answer)


def _context(object):
    while object is not None and object._type != "BrowserContext":
        object = object._parent
    return object


def _has_baggage(headers):
    return any(header["name"].lower() == "baggage" for header in headers)


def _of_context(object):
    """The headers that go along with those of a single request."""
    return getattr(object, "_swath_headers", None) or getattr(_context(object), "_swath_headers", ())


def _merge(params, name, others=()):
    headers = list(params.get(name) or ())
    headers += [header for header in others if header["name"].lower() == "baggage" and not _has_baggage(headers)]
    own = [header["value"] for header in headers if header["name"].lower() == "baggage"]
    merged = baggage.outgoing(",".join(own))
    if merged is not None:
        headers = [header for header in headers if header["name"].lower() != "baggage"]
        params[name] = headers + [{"name": "baggage", "value": merged}]


def _remember(connection, answer, headers):
    """The context that is made has these headers from the program."""

    def answered(future):
        try:
            result = future.result()
            made = result.get("context") or result.get("request")
            made = getattr(made, "_object", made)
            if isinstance(made, dict):
                made = connection._objects[made["guid"]]
            made._swath_headers = headers
        except Exception:
            pass

    try:
        if headers:
            _future(answer).add_done_callback(answered)
    except Exception:
        pass
