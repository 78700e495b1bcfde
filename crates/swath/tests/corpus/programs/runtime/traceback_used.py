import traceback


def f():
    raise ValueError


try:
    f()
except ValueError:
    text = traceback.format_exc()
