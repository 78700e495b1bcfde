"""Falcon's two kinds of applications: their templates, and where servers are not entered themselves."""

from swath_attribution import asgi, request as requests, wsgi
from swath_attribution.offers import offer
from swath_attribution.wrapping import replace_after


def patch(module):
    if module.__name__ == "falcon.asgi.app":
        asgi.enter_at(module.App, lambda application: offer(application, "", _routes))
    else:
        wsgi.enter_at(module.App, lambda application, _environ: offer(application, "", _routes))
    replace_after(module.App, "_get_responder", _routed)


def _routed(_application, found, *_arguments):
    begun = requests.of_here()
    template = found[3]
    if begun is not None and template:
        begun.route(template)


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


def _suffixes(node, name):
    """What `add_route(…, suffix=…)` may have appended to the name of a responder."""
    return [""] + [key[len(name) :] for key in dir(node.resource) if key.startswith(name + "_")]
