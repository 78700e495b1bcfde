"""Tasks that tests send to a worker of processes, and that send tasks of their own."""

import subprocess
import sys

import pytest
import tasks


@pytest.fixture(scope="module")
def worker():
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-c", "2", "-l", "error"]
    process = subprocess.Popen(command + ["--without-mingle", "--without-gossip", "--without-heartbeat"])
    yield
    process.terminate()
    process.wait()


@pytest.mark.parametrize("number", [1, 2])
def test_worker(worker, number):
    assert tasks.outer.delay(number).get(timeout=20, interval=0.05) == number


def test_eager():
    tasks.app.conf.task_always_eager = True
    assert tasks.outer.delay(3).get() == 3
