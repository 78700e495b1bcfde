import concurrent.futures
import multiprocessing
import multiprocessing.pool
import os
import signal
import threading
import time
import urllib.request

from flask import Flask, abort, jsonify, request

import prices
import spread

app = Flask(__name__, static_folder=None)
pool = concurrent.futures.ThreadPoolExecutor(4)
# One worker each, which runs the tasks of many requests in turn.
spawning = multiprocessing.get_context("spawn")
processes = spawning.Pool(1)
executor = concurrent.futures.ProcessPoolExecutor(1, spawning)
threads = multiprocessing.pool.ThreadPool(2)
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


@app.get("/spread/<int:number>")
def spread_out(number):
    adding = executor.submit(spread.add, number)
    told = threading.Event()
    adding.add_done_callback(lambda future: spread.tell(future, told))
    weighing = executor.submit(spread.weigh, spread.Piece(number))
    stepping = processes.map_async(spread.steps, [number, number + 3])
    sharing = processes.apply_async(spread.share, [number])
    seen = threads.apply(spread.in_thread, [number])
    try:
        shared = sharing.get()
    except ValueError:
        shared = 0
    assert told.wait(30)
    return jsonify([adding.result(), weighing.result(), stepping.get(), shared, seen])


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
