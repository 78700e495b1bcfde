"""Whether the service lives, and whether it can work."""

from flask import Blueprint, current_app, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/live")
def live():
    return jsonify({"status": "live"})


@blueprint.get("/ready")
def ready():
    points = current_app.extensions["xy_store"].all()
    return jsonify({"status": "ready", "points": len(points)})
