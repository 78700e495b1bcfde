"""RQ: the test goes along with a job, and the worker runs the job for it."""

from swath_attribution import current, request as requests
from swath_attribution.baggage import KEY
from swath_attribution.wrapping import replace, replace_after


def patch(module):
    replace_after(module.Job, "create", _made)
    replace(module.Job, "perform", _performing)


def _made(_owner, job, *_arguments, **_options):
    test = current.sender()
    if test:
        job.meta.setdefault(KEY, test)


def _performing(original):
    def perform(self):
        return requests.in_request(_begin(self), original, self)

    return perform


def _begin(job):
    try:
        given = job.meta.get(KEY)
        return requests.begin_task(given if isinstance(given, str) else current.test(), job.func_name)
    except Exception:
        return None
