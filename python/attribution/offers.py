"""What applications say that they serve."""

from swath_attribution import current

_offered = set()
# What frameworks add by themselves to every route.
_ADDED = ("HEAD", "OPTIONS")


def offer(application, prefix, routes):
    """Notes the routes of an application, once: pairs of methods and template."""
    key = (id(application), prefix)
    if key in _offered:
        return
    _offered.add(key)
    # Kept, so that no other application gets its identity.
    _offered.add(_Kept(application))
    offered = {}
    for methods, template in routes(application):
        offered.setdefault(template, set()).update([str(method).upper() for method in methods or ("*",)])
    for template, methods in offered.items():
        for method in sorted(methods.difference(_ADDED) or methods):
            current.agent.note(0, "offer", method, prefix + template)


class _Kept:
    def __init__(self, application):
        self.application = application
