"""All points as one file."""

from flask import Blueprint, Response, current_app, request

from xy.errors import NotFound
from xy.formats import FORMATS

blueprint = Blueprint("export", __name__)


@blueprint.get("/export.<extension>")
def export(extension):
    if extension not in FORMATS:
        raise NotFound("there is no such format", known=sorted(FORMATS))
    render, media_type = FORMATS[extension]
    points = current_app.extensions["xy_store"].all(tag=request.args.get("tag"))
    response = Response(render(points), mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename=points.{extension}"
    return response
