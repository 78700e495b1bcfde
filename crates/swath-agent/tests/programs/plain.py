"""Statements of every kind in one process."""
import sys


def chosen(value):
    if value:
        return 1
    return 2  # never


def one_line(): return 1


class Body: inside = 1


class Decorated:
    """A docstring is no statement."""

    @property
    def value(self):
        return [
            number
            for number in range(3)
        ]

    def unused(self):
        return 3  # never


def raising():
    try:
        raise ValueError("x")
    except KeyError:
        return 0  # never
    except ValueError:
        pass
    finally:
        chosen(True)
    for number in range(2):
        if number == 5:
            break  # never
    else:
        number = 7
    while number > 5:
        number -= 1
        continue
    with open(__file__) as source:
        source.readline()
    return number


def many(count):
    total = 0
    for index in range(count):
        total += index
    if total < 0:
        total = 0  # never
    return total


def generator():
    received = yield 1
    yield received
    return 2


def catches_exit():
    try:
        sys.exit(3)
    except SystemExit:
        return 1


class Context:
    def __enter__(self):
        return self

    def __exit__(self, *details):
        return True


chosen(1)
one_line()
Decorated().value
raising()
many(5000)
many(1)
steps = generator()
next(steps)
steps.send(4)
list(steps)
catches_exit()
with Context():
    raise RuntimeError("swallowed")
double = lambda x: x * 2
double(2)
exec(compile("def made():\n    return 1\nmade()\n", "<made>", "exec"))
plain = {key: value for key, value in [(1, 2)]}
assert plain
del plain
if __name__ != "__main__":
    chosen(0)  # never
