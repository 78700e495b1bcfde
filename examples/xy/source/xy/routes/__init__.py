"""The HTTP interface, a module for each part of it."""

from flask import current_app

from xy.routes import export, health, journal, points, search


def register(application):
    for part in (health, points, search, export, journal):
        application.register_blueprint(part.blueprint)
    application.after_request(_name_version)


def _name_version(response):
    from xy import __version__

    response.headers["X-Xy-Version"] = __version__
    current_app.logger.debug("answered with %s", response.status)
    return response
