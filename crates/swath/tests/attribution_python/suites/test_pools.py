"""Tasks of pools of processes: each runs for the test that submitted it, in workers that outlive both."""

import concurrent.futures
import multiprocessing
import multiprocessing.pool
import re

import pytest
import stand_in

METHODS = ["fork", "spawn", "forkserver"]


def start(method):
    stand_in.ran("initializer of %s" % method)


def task(place):
    stand_in.ran(place)
    return place


class Argument:
    """Runs code where it is unpickled, and where it is pickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return made, (self.place,)


def made(place):
    stand_in.ran(place + " unpickled")
    return Argument(place)


class Unreadable(Exception):
    def __reduce__(self):
        raise TypeError("no pickle of this")


def fail(argument):
    stand_in.ran("fails")
    raise KeyError(argument)


def answer_unreadable():
    stand_in.ran("answers")
    return Unreadable()


def show(argument):
    stand_in.ran(argument.place)


def nested(place):
    process = multiprocessing.get_context("fork").Process(target=task, args=[place + " in a process"])
    process.start()
    process.join()
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as inner:
        inner.submit(task, place + " in a pool").result()


@pytest.fixture(scope="module", params=METHODS)
def executor(request):
    context = multiprocessing.get_context(request.param)
    with concurrent.futures.ProcessPoolExecutor(1, context, start, [request.param]) as executor:
        yield executor


@pytest.fixture(scope="module", params=METHODS)
def pool(request):
    with multiprocessing.get_context(request.param).Pool(1, start, [request.param]) as pool:
        yield pool


@pytest.mark.parametrize("number", [1, 2])
def test_executor(executor, number):
    name = "executor %d" % number
    assert executor.submit(task, name + " submit").result() == name + " submit"
    assert list(executor.map(task, [name + " map"])) == [name + " map"]
    executor.submit(show, Argument(name + " argument")).result()
    executor.submit(nested, name).result()


@pytest.mark.parametrize("number", [1, 2])
def test_pool(pool, number):
    name = "pool %d " % number
    assert pool.apply(task, [name + "apply"]) == name + "apply"
    assert pool.apply_async(task, [name + "apply_async"]).get() == name + "apply_async"
    assert pool.map(task, [name + "map"]) == [name + "map"]
    assert pool.starmap(task, [(name + "starmap",)]) == [name + "starmap"]
    assert list(pool.imap(task, [name + "imap"])) == [name + "imap"]
    assert list(pool.imap_unordered(task, [name + "chunk", name + "chunk"], 2)) == [name + "chunk"] * 2
    pool.apply(show, [Argument(name + "argument")])
    with multiprocessing.pool.ThreadPool(1) as threads:
        threads.apply(task, [name + "thread"])


def said(error):
    """What a failure says, with that of its cause; functions are elsewhere in each process."""
    cause = error.__cause__
    notes = getattr(error, "__notes__", [])
    text = repr([type(error).__name__, str(error), notes, type(cause).__name__, getattr(cause, "tb", "")])
    return re.sub(" at 0x[0-9a-f]+", "", text)


@pytest.mark.parametrize("method", METHODS)
def test_errors(method):
    context = multiprocessing.get_context(method)
    calls = [(fail, "key"), (answer_unreadable,), (lambda: None,), (show, Unreadable())]
    with concurrent.futures.ProcessPoolExecutor(1, context) as executor, context.Pool(1) as pool:
        for call in calls:
            with pytest.raises(Exception) as caught:
                executor.submit(*call).result()
            stand_in.log("error", said(caught.value))
            with pytest.raises(Exception) as caught:
                pool.apply(call[0], call[1:])
            stand_in.log("error", said(caught.value))
