import http.client
import os
import sys
import threading

NUMBERS = [int(number) for number in sys.argv[1:]]
HOST = os.environ["SHOP"].rpartition("/")[2]
ready = threading.Barrier(len(NUMBERS))
failed = []


def test(number):
    connection = http.client.HTTPConnection(HOST, timeout=30)
    ready.wait()
    for method, path in calls(number):
        body = str(number) if method == "POST" else None
        headers = {"baggage": f"swath.test=crowd%20{number}, other=kept"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 201):
            failed.append((number, path, answer.status))
    connection.close()


def calls(number):
    for _ in range(3):
        yield "GET", f"/prices/{number}"
        yield "GET", f"/lines/{number}" if number % 2 else f"/stock/{number}"
        yield "GET", f"/spread/{number}"
        if number % 4 == 1:
            yield "POST", "/orders"


threads = [threading.Thread(target=test, args=(number,)) for number in NUMBERS]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(str(failed) if failed else 0)
