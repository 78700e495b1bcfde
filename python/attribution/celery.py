"""Celery: the test goes along with a task, and the worker runs the task for it."""

from swath_attribution import current, request as requests
from swath_attribution.baggage import KEY
from swath_attribution.offers import offer

# Tasks that run: the request and what takes it back, by the task's identity.
_running = {}


def patch(module):
    module.before_task_publish.connect(_publish, weak=False)
    module.task_prerun.connect(_begin, weak=False)
    module.task_postrun.connect(_end, weak=False)


def _publish(headers=None, **_others):
    try:
        test = current.sender()
        # The first version of the protocol has nothing to put it in.
        if test and headers:
            headers.setdefault(KEY, test)
    except Exception:
        pass


def _begin(task_id=None, task=None, **_others):
    try:
        given = vars(task.request).get(KEY)
        begun = requests.begin_task(given if isinstance(given, str) else current.test(), task.name)
        if begun is not None:
            _running[task_id] = begun, begun.enter()
            offer(task.app, "", _routes)
    except Exception:
        pass


def _end(task_id=None, **_others):
    try:
        begun, tokens = _running.pop(task_id)
        begun.is_over = True
        begun.leave(tokens)
    except Exception:
        pass


def _routes(application):
    for name in list(application.tasks):
        if not name.startswith("celery."):
            yield ["TASK"], name
