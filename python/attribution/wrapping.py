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
    is_class_method = isinstance(original, classmethod)
    function = original.__func__ if is_class_method else original
    if hasattr(function, _MARK):
        return False
    replacement = wraps(function)(make(function))
    setattr(replacement, _MARK, True)
    setattr(owner, name, classmethod(replacement) if is_class_method else replacement)
    return True


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
