"""What generated programs play with: chance that is the same in every run, and an end that comes in any case."""

import asyncio
import random
import signal
import sys


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


# What may raise, by the same chance.


one = 1
play = sys.modules[__name__]


def kinds():
    return [
        Error,
        Error,
        Error,
        Other,
        StopIteration,
        StopAsyncIteration,
        GeneratorExit,
        SystemExit,
        KeyboardInterrupt,
        RecursionError,
        AttributeError,
        asyncio.CancelledError,
    ]


def r(*_):
    """A number, or an exception."""
    step()
    if chance.random() < 0.25:
        raise chance.choice(kinds())
    return chance.randrange(3)


class odd:
    """Whatever is done with it may raise."""

    def __bool__(self):
        return bool(r())

    def __eq__(self, other):
        return bool(r())

    def __lt__(self, other):
        return r()

    def __gt__(self, other):
        return r()

    def __iadd__(self, other):
        r()
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError
        return r()

    def __setattr__(self, name, value):
        r()

    def __delattr__(self, name):
        r()

    def __setitem__(self, key, value):
        r()


o = odd()


def b():
    """A condition whose truth may raise."""
    step()
    return o if chance.random() < 0.3 else chance.random() < 0.5


def pair():
    return [1] * chance.choice([1, 2, 2, 2, 3])


def ritems():
    """Some items; their end may be an exception."""
    step()
    return iterator(chance.randrange(4))


class iterator:
    def __init__(self, left):
        self.left = left

    def __iter__(self):
        r()
        return self

    def __next__(self):
        self.left -= 1
        if self.left < 0:
            raise StopIteration
        r()
        return pair()


class raitems(iterator):
    def __init__(self):
        self.left = chance.randrange(4)

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.left -= 1
        if self.left < 0:
            raise StopAsyncIteration
        await rlater()
        return pair()


class rlater:
    def __await__(self):
        r()
        yield
        return r()


async def rsleep():
    await rlater()


def interrupt():
    """A signal whose handler raises."""
    step()
    if chance.random() < 0.5:
        signal.raise_signal(signal.SIGUSR1)


def on_signal(*_):
    raise Error


signal.signal(signal.SIGUSR1, on_signal)


def recurse():
    """Recursion without an end."""
    step()
    if chance.random() < 0.3:
        endless()


def endless():
    endless()


def rkind():
    r()
    return chance.choice([Error, Other, Exception])


def base():
    r()
    return object


class rmeta(type):
    def __new__(cls, *args):
        r()
        return type.__new__(cls, *args)

    def __init__(cls, *args):
        r()


def rmark(function):
    r()
    return function


def r2mark(_):
    return rmark


class rmanager:
    """A context manager of which each part may raise, and which sometimes swallows."""

    def __enter__(self):
        r()
        return pair()

    def __exit__(self, kind, value, traceback):
        r()
        return kind is not None and kind is not Stop and chance.random() < 0.4


class ramanager(rmanager):
    async def __aenter__(self):
        await rlater()
        return self.__enter__()

    async def __aexit__(self, *args):
        await rlater()
        return self.__exit__(*args)


class swallow:
    """A context manager that swallows."""

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return kind is not Stop


def rcall(get):
    """Calls what `get` gives some times, and plays with what comes of it, whatever is raised."""
    for _ in range(chance.randrange(1, 4)):
        try:
            rdrive(get()())
        except Stop:
            raise
        except BaseException:
            pass


def rdrive(result):
    if hasattr(result, "asend"):
        result = through(result)
    if hasattr(result, "cr_frame") and chance.random() < 0.4:
        loop(result)
    elif hasattr(result, "send"):
        resume(result)


async def through(result):
    """Goes through an asynchronous generator."""
    for _ in range(chance.randrange(1, 8)):
        how = chance.randrange(8)
        if how == 0:
            await result.athrow(chance.choice([Error, GeneratorExit]))
        elif how == 1:
            await result.aclose()
        else:
            await result.__anext__()


def resume(result):
    """Resumes a generator or coroutine by whatever there is."""
    for _ in range(chance.randrange(12)):
        step()
        how = chance.randrange(12)
        if how == 0:
            result.throw(chance.choice(kinds()))
        elif how == 1:
            result.close()
            return
        else:
            result.send(None)
    if chance.random() < 0.5:
        result.close()


def loop(result):
    """Runs a coroutine as a task, which may be cancelled."""
    runner = asyncio.new_event_loop()
    try:
        runner.run_until_complete(supervise(result))
    finally:
        runner.close()


async def supervise(result):
    how = chance.randrange(4)
    if how == 0 and hasattr(asyncio, "TaskGroup"):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(result)
            await cancel_sometimes(task)
            group.create_task(rsleep())
        return
    task = asyncio.ensure_future(result)
    await cancel_sometimes(task)
    await task


async def cancel_sometimes(task):
    for _ in range(chance.randrange(6)):
        await asyncio.sleep(0)
    if chance.random() < 0.5:
        task.cancel()
