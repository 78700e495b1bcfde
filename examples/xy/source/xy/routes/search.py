"""Questions about the points as a whole."""

from flask import Blueprint, current_app, jsonify, request

from xy import geometry, validation
from xy.errors import Invalid, NotFound

blueprint = Blueprint("search", __name__, url_prefix="/search")


def _points():
    return current_app.extensions["xy_store"].all(tag=request.args.get("tag"))


def _metric():
    name = request.args.get("metric", "euclidean")
    try:
        return geometry.METRICS[name]
    except KeyError:
        raise Invalid("there is no such metric", known=sorted(geometry.METRICS)) from None


@blueprint.get("/nearest")
def nearest():
    position = (
        validation.query_number(request.args, "x"),
        validation.query_number(request.args, "y"),
    )
    metric = _metric()
    points = _points()
    if not points:
        raise NotFound("there are no points")
    best = min(points, key=lambda point: (metric(position, point.position), point.name))
    return jsonify({"point": best.as_json(), "distance": metric(position, best.position)})


@blueprint.get("/box")
def box():
    edges = [
        validation.query_number(request.args, edge)
        for edge in ("left", "bottom", "right", "top")
    ]
    if edges[0] > edges[2] or edges[1] > edges[3]:
        raise Invalid("the box is turned inside out")
    found = [point for point in _points() if geometry.inside(edges, point.position)]
    return jsonify({"points": [point.name for point in found]})


@blueprint.get("/extent")
def extent():
    found = geometry.bounding_box(point.position for point in _points())
    if found is None:
        return jsonify({"extent": None})
    return jsonify({"extent": dict(zip(("left", "bottom", "right", "top"), found))})


@blueprint.get("/route")
def route():
    metric = _metric()
    found = geometry.short_route(_points(), metric)
    return jsonify({
        "route": [point.name for point in found],
        "length": geometry.length([point.position for point in found], metric),
    })


@blueprint.get("/hull")
def hull():
    corners = geometry.hull(point.position for point in _points())
    if len(corners) < 3:
        raise NotFound("the points span no area")
    return jsonify({"corners": corners, "area": geometry.area(corners)})
