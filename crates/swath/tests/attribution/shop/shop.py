import concurrent.futures
import os
import signal
import threading
import time
import urllib.request

from flask import Flask, abort, jsonify, request

import prices

app = Flask(__name__, static_folder=None)
pool = concurrent.futures.ThreadPoolExecutor(4)
STOCK = os.environ.get("STOCK", "")


def ask_stock(path):
    with urllib.request.urlopen(STOCK + path, timeout=30) as answer:
        return answer.read().decode()


@app.get("/prices/<int:number>")
def price(number):
    time.sleep(number % 5 / 1000)
    return str(prices.price(number))


@app.get("/search")
def search():
    word = request.args["word"]
    found = [prices.price(number) for number in range(4) if str(number) in word]
    return jsonify(found)


@app.get("/stock/<int:number>")
def stock(number):
    if number > 90:
        abort(404)
    return ask_stock(f"/stock/{number}")


@app.post("/orders")
def order():
    number = int(request.get_data())
    kinds = pool.submit(prices.kind, number)
    counted = []
    thread = threading.Thread(target=count, args=(number, counted))
    thread.start()
    thread.join()
    if number % 7 == 0:
        raise KeyError(number)
    return f"{kinds.result()} {counted} {ask_stock(f'/reserved/{number}')}", 201


def count(number, counted):
    total = 0
    while total < number % 4:
        total += 1
    counted.append(total)


@app.get("/lines/<int:number>")
def lines(number):
    def parts():
        for part in range(number % 3 + 1):
            time.sleep(0.001)
            if part == 2:
                yield "last\n"
            else:
                yield f"{part}\n"

    return parts(), {"Content-Type": "text/plain"}


@app.delete("/orders/<int:number>")
def cancel(number):
    return str(number)


@app.errorhandler(404)
def unknown(error):
    return "unknown", 404


@app.before_request
def before():
    if request.method == "POST":
        check(request.content_length)


def check(length):
    assert length


hanging = threading.Event()


@app.get("/hang")
def hang():
    hanging.set()
    time.sleep(60)
    return "woke"


@app.post("/die")
def die():
    hanging.wait(30)
    os.kill(os.getpid(), signal.SIGKILL)
    return "lived"


if os.environ.get("WARM"):
    for number in range(20):
        prices.price(number)
