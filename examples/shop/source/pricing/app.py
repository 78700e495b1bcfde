"""The routes of the pricing."""

from flask import Flask, jsonify, request

from pricing import rates

app = Flask(__name__, static_folder=None)


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/price/<int:cents>")
def price(cents):
    rate = rates.of(request.args.get("country", ""))
    if rate is None:
        return jsonify(problem="no rate for this country"), 422
    return jsonify(cents=rates.gross(cents, rate))


@app.get("/rates")
def all_rates():
    return jsonify(rates.RATES)


@app.post("/rates/<country>")
def set_rate(country):
    rates.RATES[country.upper()] = int(request.get_json()["percent"])
    return jsonify(rates.RATES), 201
