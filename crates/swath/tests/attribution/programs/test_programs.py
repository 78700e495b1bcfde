import asyncio
import multiprocessing
import os
import subprocess
import sys
import urllib.request

import pytest
import server as own

ADDRESS = "http://127.0.0.1:" + os.environ["PORT"]
OTHER = "http://127.0.0.1:" + os.environ["OTHER"]
TOOL = [sys.executable, os.path.abspath("tool.py")]
started = []


@pytest.fixture(scope="session", autouse=True)
def server():
    command = [sys.executable, "server.py", os.environ["PORT"]]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdout.readline() == b"ready\n"
    yield
    server.terminate()
    server.wait()


@pytest.fixture(scope="session", autouse=True)
def fork():
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=own.serve, args=[int(os.environ["OTHER"]), ready.set])
    process.start()
    assert ready.wait(30)
    yield
    process.terminate()
    process.join()


def wait(pid):
    assert os.waitpid(pid, 0)[1] == 0


def test_run():
    subprocess.run(TOOL + ["run"], check=True)


def test_shell():
    subprocess.run("%s %s shell; true" % tuple(TOOL), shell=True, check=True)


def test_system():
    assert os.system("%s %s system" % tuple(TOOL)) == 0


def test_posix_spawn():
    wait(os.posix_spawn(TOOL[0], TOOL + ["posix_spawn"], os.environ))


def test_replaced():
    pid = os.fork()
    if not pid:
        os.execv(TOOL[0], TOOL + ["replaced"])
    wait(pid)


def test_asynchronous():
    async def start():
        process = await asyncio.create_subprocess_exec(*TOOL, "asynchronous")
        assert await process.wait() == 0

    asyncio.run(start())


def test_environment():
    names = ("LD_PRELOAD", "PATH", "PYTHONPATH")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    subprocess.run(TOOL + ["environment"], env=environment, check=True)


@pytest.fixture
def around():
    subprocess.run(TOOL + ["fixture"], check=True)
    yield
    subprocess.run(TOOL + ["teardown"], check=True)


def test_fixture(around):
    pass


def test_processes():
    subprocess.run(TOOL + ["processes"], check=True)


def test_nested():
    subprocess.run(TOOL + ["nested"], check=True)


def test_call():
    subprocess.run(TOOL + ["call", ADDRESS], check=True)


def test_start():
    urllib.request.urlopen(ADDRESS + "/from_request").read()
    urllib.request.urlopen(OTHER + "/from_request_to_fork").read()


def test_outlives():
    started.append(subprocess.Popen(TOOL + ["outlives"], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    assert started[0].stdout.readline() == b"begun\n"


def test_of_what_outlives():
    started[0].communicate(b"\n")
    assert started[0].wait() == 0


def test_killed():
    program = subprocess.Popen(TOOL + ["killed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout.readline() == b"begun\n"
    program.kill()
    program.communicate()
