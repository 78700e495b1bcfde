"""Tasks of `concurrent.futures.ProcessPoolExecutor`, and of loky's: each runs for whom it was submitted for.

What a task is for is pickled as an argument of the making of its call item, before the item's content. A worker
without swath makes the item all the same; one with swath hears it before it unpickles the content, so that what
unpickling imports and calls is the task's, too.
"""

import copyreg

from swath_attribution import other_process
from swath_attribution.wrapping import own, replace, replace_after

_WORK = "_swath_work"


def patch(module):
    if "__slots__" in vars(module._WorkItem):
        # loky's has no room for anything else, and hands failures on without `_sendback_result`.
        module._WorkItem = type("_WorkItem", (module._WorkItem,), {"__slots__": (_WORK,)})
        own(module._WorkItem, "__init__")
        replace_after(module._ResultItem, "__init__", _answered)
    replace_after(module._WorkItem, "__init__", _submitted)
    own(module._SafeQueue, "put")
    replace(module._SafeQueue, "put", _putting)
    module._CallItem.__new__ = staticmethod(_made)
    module._CallItem.__reduce_ex__ = _reduced
    replace(module, "_sendback_result", _answering)


def _submitted(work_item, *_arguments, **_options):
    setattr(work_item, _WORK, other_process.said())


def _putting(original):
    def put(self, item, *arguments, **options):
        try:
            work = getattr(self.pending_work_items[item.work_id], _WORK)
            if work is not None:
                vars(item)[_WORK] = work
        except Exception:
            pass
        return original(self, item, *arguments, **options)

    return put


def _reduced(item, protocol):
    work = vars(item).pop(_WORK, None)
    reduced = object.__reduce_ex__(item, protocol)
    if work is None or reduced[0] is not copyreg.__newobj__:
        return reduced
    return (reduced[0], reduced[1] + (work,)) + reduced[2:]


def _made(owner, *arguments, **_options):
    # The program makes an item of four.
    if len(arguments) == 1:
        other_process.begin_task(arguments[0])
    return object.__new__(owner)


def _answering(original):
    def _sendback_result(*arguments, **options):
        try:
            return original(*arguments, **options)
        finally:
            other_process.end_task()

    return _sendback_result


def _answered(result_item, *_arguments, **_options):
    if result_item.exception is not None:
        other_process.end_task()
