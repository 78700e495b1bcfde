import os

import stand_in
from celery import Celery

FOLDER = os.environ["STAND_IN_FOLDER"]
app = Celery("tasks", broker="filesystem://", backend="file://" + FOLDER)
app.conf.broker_transport_options = {
    "data_folder_in": FOLDER,
    "data_folder_out": FOLDER,
    "control_folder": FOLDER,
    "polling_interval": 0.05,
}


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
