"""The test that this process runs."""

from swath_attribution import current


class Test:
    """A part of a test, from its beginning to its end."""

    __slots__ = ("number", "outer")

    def __init__(self, name, suffix):
        name = fitting(name, suffix)
        self.outer = (current.Process.test, current.Process.number)
        self.number = current.agent.context("test", name)
        if self.number:
            current.agent.enter(self.number)
        current.Process.test = name
        current.Process.number = self.number
        current.agent.set_current(self.number)

    @classmethod
    def begin(cls, name, suffix=""):
        """Begins; never fails."""
        try:
            return cls(name, suffix)
        except Exception:
            return None

    @staticmethod
    def end(test):
        """Ends, whatever became of it."""
        try:
            current.Process.test, current.Process.number = test.outer
            current.agent.set_current(test.outer[1])
            if test.number:
                current.agent.leave(test.number)
        except Exception:
            pass

    def note(self, outcome):
        """Says how it ended: passed, failed, skipped or error."""
        if self.number:
            # The last counts: a test may be run again.
            current.agent.note(self.number, "outcome", outcome)


def is_running():
    """Whether a test runs in this process."""
    return bool(current.Process.test)


def fitting(name, suffix=""):
    """The name as it can be sent: without control characters, and not too long."""
    if not name.isprintable():
        name = "".join([_shown(character) for character in name])
    most = current.LONGEST - len(suffix)
    if len(name) > most:
        from hashlib import sha256

        digest = sha256(name.encode("utf-8")).hexdigest()[:16]
        name = name[: most - 17] + "#" + digest
    return name + suffix


def _shown(character):
    if character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff":
        return character.encode("unicode_escape").decode("ascii")
    return character
