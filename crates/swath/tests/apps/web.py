# A WSGI application. What every driver asks for is all of it but the lines marked as missed.
import os
import threading
import time


def warm(number):
    result = number + 1
    return result


WARM = warm(1)


def early():
    kind = "early"
    return kind


def slow():
    before = time.monotonic()
    time.sleep(0.02)
    elapsed = time.monotonic() - before
    return str(elapsed)


def in_thread(results):
    results.append("thread")


def threaded():
    results = []
    thread = threading.Thread(target=in_thread, args=(results,))
    thread.start()
    thread.join()
    return results[0]


def failing():
    try:
        raise LookupError("nothing here")
    except KeyError:
        text = "a key"  # miss
    except LookupError as error:
        text = str(error)
    return text


def late():
    kind = "late"
    return kind


def unasked():
    kind = "unasked"  # miss
    return kind  # miss


def parent():
    return str(os.getppid())


ROUTES = {"/early": early, "/slow": slow, "/threaded": threaded, "/failing": failing}
ROUTES.update({"/late": late, "/unasked": unasked, "/parent": parent})


def pieces(text):
    for character in text:
        yield character.encode()


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/nowhere":
        start_response("404 Not Found", [])  # miss
        return []  # miss
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path in ROUTES:
        return pieces(ROUTES[path]())
    return [str(os.getpid()).encode()]
