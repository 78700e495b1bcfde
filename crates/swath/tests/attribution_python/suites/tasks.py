import os
import time
import uuid

import stand_in
from celery import Celery
from kombu.transport import filesystem
from kombu.utils.json import dumps

FOLDER = os.environ["STAND_IN_FOLDER"]
app = Celery("tasks", broker="filesystem://", backend="file://" + FOLDER)
app.conf.broker_transport_options = {
    "data_folder_in": FOLDER,
    "data_folder_out": FOLDER,
    "control_folder": FOLDER,
    "polling_interval": 0.05,
}


def put(self, queue, payload, **_options):
    """Gives a message its name when it is whole: a worker takes what has one, also half written."""
    name = "%d_%s.%s.msg" % (round(time.monotonic() * 1000), uuid.uuid4(), queue)
    path = os.path.join(FOLDER, name)
    with open(path + ".part", "w") as file:
        file.write(dumps(payload))
    os.rename(path + ".part", path)


filesystem.Channel._put = put


@app.task
def inner(number):
    stand_in.ran("inner %d" % number)


@app.task
def outer(number):
    stand_in.ran("outer %d" % number)
    inner.delay(number)
    return number


@app.task
def never():
    pass


def job(number):
    stand_in.ran("job %d" % number)
    return number
