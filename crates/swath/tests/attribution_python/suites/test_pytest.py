import threading
import time

import pytest
import stand_in

runs = []


@pytest.fixture(scope="module")
def shared():
    stand_in.ran("shared fixture")
    yield
    stand_in.ran("end of shared fixture")


@pytest.fixture
def own():
    stand_in.ran("own fixture")
    yield
    stand_in.ran("end of own fixture")


@pytest.mark.parametrize("value", ["a b", "ü,;=\n"])
def test_parameters(shared, own, value):
    stand_in.ran("parameters")
    thread = threading.Thread(target=stand_in.ran, args=["thread"])
    thread.start()
    thread.join()


def test_fails():
    stand_in.ran("fails")
    assert False


def test_skips():
    stand_in.ran("skips")
    pytest.skip()


@pytest.fixture
def broken():
    raise RuntimeError


def test_error(broken):
    stand_in.ran("never")


@pytest.mark.flaky(reruns=1)
def test_again():
    runs.append(None)
    stand_in.ran("run %d" % len(runs))
    assert len(runs) == 2


def ran(place):
    stand_in.ran(place)


def test_process():
    import multiprocessing

    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=ran, args=[method])
        process.start()
        process.join()
        assert process.exitcode == 0
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.apply(ran, ["pool"])


def test_of_an_application_in_this_process():
    import flask

    app = flask.Flask(__name__)

    @app.get("/here/<int:number>")
    def here(number):
        stand_in.ran("here")
        return ""

    assert app.test_client().get("/here/1").status_code == 200


def test_of_django_in_this_process():
    import os
    import sys

    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "apps"))
    import django
    import django_app
    from django.test import Client

    django.setup()
    assert Client().get("/points/7").json() == {"point": 7}


@pytest.mark.parametrize("text", ["x" * 3000], ids=["x" * 3000])
def test_long(text):
    stand_in.ran("long")
