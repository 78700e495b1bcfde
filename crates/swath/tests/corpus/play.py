"""What generated programs play with: chance that is the same in every run, and an end that comes in any case."""

import random


class Error(Exception):
    pass


class Other(Exception):
    pass


class Stop(BaseException):
    """There were enough steps."""


def begin(seed):
    global chance, left
    chance = random.Random(seed)
    left = 300


def step():
    global left
    left -= 1
    if left < 0:
        raise Stop


def t():
    step()
    return chance.random() < 0.5


def n():
    step()
    return chance.randrange(3)


def items():
    step()
    return range(chance.randrange(4))


def fail():
    step()
    if chance.random() < 0.4:
        raise chance.choice([Error, Other])


def mark(function):
    return function


class manager:
    """A context manager that sometimes swallows an exception."""

    def __enter__(self):
        step()
        return self

    def __exit__(self, kind, value, traceback):
        return kind is not None and kind is not Stop and chance.random() < 0.4


class amanager(manager):
    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, *args):
        return self.__exit__(*args)


class later:
    def __await__(self):
        yield
        return n()


class aitems:
    def __init__(self):
        self.left = chance.randrange(4)

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.left -= 1
        if self.left < 0:
            raise StopAsyncIteration
        return n()


def call(function):
    """Calls a function some times; goes through generators, sometimes not to their end, and drives coroutines."""
    for _ in range(chance.randrange(1, 4)):
        try:
            result = function()
            if hasattr(result, "send"):
                drive(result)
        except Exception:
            pass


def drive(result):
    count = chance.randrange(1, 12)
    try:
        for _ in range(count if chance.random() < 0.3 else 1000):
            result.send(None)
    except StopIteration:
        return
    result.close()
