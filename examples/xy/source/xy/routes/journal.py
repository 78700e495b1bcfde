"""What was changed."""

from flask import Blueprint, current_app, jsonify

blueprint = Blueprint("journal", __name__)


@blueprint.get("/journal/<name>")
def show(name):
    return jsonify({"events": current_app.extensions["xy_store"].read_journal(name)})
