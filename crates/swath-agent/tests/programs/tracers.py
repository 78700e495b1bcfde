import sys
import threading

seen = []


def tracer(frame, event, argument):
    # Never recorded: nothing traces a trace function.
    seen.append((frame.f_code.co_name, event))  # never
    return tracer  # never


def watched():
    value = 1
    return value


def stops():
    value = 2
    sys.settrace(None)
    value = 3
    return value


def after():
    value = 4
    return value


def starts():
    sys.settrace(tracer)
    value = 5
    return value


def raises():
    raise ValueError("x")


def breaks(frame, event, argument):
    raise RuntimeError("a trace function that fails")  # never


def profiler(frame, event, argument):
    seen.append(event)  # never


assert sys.gettrace() is None
starts()
assert sys.gettrace() is tracer
watched()
stops()
after()
assert sys.gettrace() is None
events = [event for name, event in seen if name == "watched"]
assert events == ["call", "line", "line", "return"], events
assert ("after", "call") not in seen
sys.settrace(breaks)
try:
    after()
    watched()  # never
except RuntimeError:
    pass
assert sys.gettrace() is None
watched()
threading.settrace(tracer)
thread = threading.Thread(target=watched)
thread.start()
thread.join()
threading.settrace(None)
sys.setprofile(profiler)
after()
sys.setprofile(None)
try:
    raises()
except ValueError:
    after()
