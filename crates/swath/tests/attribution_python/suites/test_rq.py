"""Jobs that tests put into a queue; one worker takes them all."""

import os
import subprocess
import sys

import tasks
from redis import Redis
from rq import Queue

PORT = os.environ["STAND_IN_PORT"]
queue = Queue(connection=Redis(port=int(PORT)))
jobs = []


def test_one():
    jobs.append(queue.enqueue(tasks.job, 1))


def test_other():
    jobs.append(queue.enqueue(tasks.job, 2))
    worker = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", "redis://127.0.0.1:" + PORT]
    subprocess.run(worker, check=True)
    assert [job.return_value() for job in jobs] == [1, 2]
