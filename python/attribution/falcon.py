"""Falcon's two kinds of applications: their templates, and where servers are not entered themselves."""

from swath_attribution import asgi, request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace_after


def patch(module):
    if module.__name__ == "falcon.asgi.app":
        asgi.enter_at(module.App, lambda application, _scope: offer(application, "", _routes))
    else:
        wsgi.enter_at(module.App, lambda application, _environ: offer(application, "", _routes))
    replace_after(module.App, "_get_responder", _routed)


def _routed(application, found, request, *_arguments):
    begun = requests.of_here()
    if begun is not None:
        template = found[3] or _sink(application, found[0], request.path)
        if template:
            begun.route(template)


def _sink(application, responder, path):
    """The expression of a sink, if that is what answers; one function may be several."""
    for pattern, sink, *_ in application._sinks:
        if sink is responder and pattern.match(path):
            return pattern.pattern
    return None


def _routes(application):
    nodes = list(application._router._roots)
    while nodes:
        node = nodes.pop()
        nodes.extend(node.children)
        if node.uri_template and node.resource is not None:
            for method in node.method_map:
                name = "on_websocket" if method == "WEBSOCKET" else "on_" + method.lower()
                # The others are answered by Falcon: 405, and OPTIONS.
                if any(hasattr(node.resource, name + suffix) for suffix in _suffixes(node, name)):
                    yield [method], node.uri_template
    for pattern, *_ in application._sinks:
        yield (), pattern.pattern


def _suffixes(node, name):
    """What `add_route(…, suffix=…)` may have appended to the name of a responder."""
    return [""] + [key[len(name) :] for key in dir(node.resource) if key.startswith(name + "_")]
