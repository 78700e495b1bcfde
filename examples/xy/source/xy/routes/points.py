"""Points: list, add, show, replace, move, remove."""

from flask import Blueprint, current_app, jsonify, request, url_for

from xy import validation
from xy.paging import page

blueprint = Blueprint("points", __name__, url_prefix="/points")


def _store():
    return current_app.extensions["xy_store"]


def _record(event, name):
    current_app.extensions["xy_journal"].record(event, name)


@blueprint.get("")
def index():
    points = _store().all(tag=request.args.get("tag"))
    size = validation.query_number(
        request.args,
        "size",
        default=current_app.config["XY_SETTINGS"].page_size,
        least=1,
    )
    points, cursor = page(
        points,
        key=lambda point: point.name,
        size=int(size),
        cursor=request.args.get("cursor"),
    )
    body = {"points": [point.as_json() for point in points]}
    if cursor is not None:
        body["next"] = url_for(".index", cursor=cursor, size=int(size))
    return jsonify(body)


@blueprint.post("")
def add():
    point = validation.point(validation.json_object(request))
    _store().add(point)
    _record("added", point.name)
    return jsonify(point.as_json()), 201, {"Location": url_for(".show", name=point.name)}


@blueprint.get("/<name>")
def show(name):
    return jsonify(_store().get(name).as_json())


@blueprint.put("/<name>")
def replace(name):
    point = validation.point(validation.json_object(request), name=name)
    known = _store().replace(point)
    _record("replaced" if known else "added", name)
    return jsonify(point.as_json()), 200 if known else 201


@blueprint.post("/<name>/move")
def move(name):
    body = validation.json_object(request)
    point = _store().get(name).moved(
        validation.coordinate(body, "dx"),
        validation.coordinate(body, "dy"),
    )
    _store().replace(point)
    _record("moved", name)
    return jsonify(point.as_json())


@blueprint.delete("/<name>")
def remove(name):
    _store().remove(name)
    _record("removed", name)
    return "", 204
