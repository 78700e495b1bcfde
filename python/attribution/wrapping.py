"""Functions of the program that are replaced by others which call them."""

from functools import wraps

_MARK = "_swath_wraps"


class Wrapped:
    """A callable object as a server has it: what it is besides is the program's own."""

    def __init__(self, application):
        self._swath_application = application

    def __getattr__(self, name):
        return getattr(self._swath_application, name)

    @classmethod
    def around(cls, application):
        """The application wrapped, unless there is none, or it is already."""
        return application if application is None or isinstance(application, cls) else cls(application)


def replace(owner, name, make):
    """Puts `make(original)` in the place of a function of a module or class that has it itself.

    False if it has no such function, or one that was replaced before.
    """
    original = vars(owner).get(name)
    if original is None or hasattr(original, _MARK):
        return False
    kind = type(original) if isinstance(original, (classmethod, staticmethod)) else None
    function = original if kind is None else original.__func__
    if hasattr(function, _MARK):
        return False
    replacement = wraps(function)(make(function))
    setattr(replacement, _MARK, True)
    setattr(owner, name, replacement if kind is None else kind(replacement))
    return True


def own(owner, name):
    """Gives a class a method itself that it inherits, so that it can be replaced for this class alone."""
    if name not in vars(owner):
        setattr(owner, name, getattr(owner, name))


def replace_after(owner, name, after):
    """Has `after(self, result, *arguments, **options)` called after each successful call of a method."""

    def make(original):
        def method(self, *arguments, **options):
            result = original(self, *arguments, **options)
            try:
                after(self, result, *arguments, **options)
            except Exception:
                pass
            return result

        return method

    return replace(owner, name, make)


def replace_before(owner, name, before):
    """Has `before(self, *arguments, **options)` called before each call of a method."""

    def make(original):
        def method(self, *arguments, **options):
            try:
                before(self, *arguments, **options)
            except Exception:
                pass
            return original(self, *arguments, **options)

        return method

    return replace(owner, name, make)
