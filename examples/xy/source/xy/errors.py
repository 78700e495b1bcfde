"""What goes wrong, as HTTP says it: a status and a JSON body."""

import sqlite3

from flask import jsonify
from werkzeug.exceptions import HTTPException

from xy.logs import logger


class ApiError(Exception):
    """An error whose text is meant for the client."""

    status = 500
    code = "internal"

    def __init__(self, message, **details):
        super().__init__(message)
        self.message = message
        self.details = details

    def body(self):
        body = {"error": self.code, "message": self.message}
        if self.details:
            body["details"] = self.details
        return body


class Invalid(ApiError):
    status = 400
    code = "invalid"


class Unauthorized(ApiError):
    status = 401
    code = "unauthorized"


class NotFound(ApiError):
    status = 404
    code = "not-found"


class Conflict(ApiError):
    status = 409
    code = "conflict"


class Unavailable(ApiError):
    status = 503
    code = "unavailable"


def register(application):
    application.register_error_handler(ApiError, _api_error)
    application.register_error_handler(HTTPException, _http_error)
    application.register_error_handler(sqlite3.OperationalError, _database_error)


def _api_error(error):
    if error.status >= 500:
        logger.error("%s: %s", error.code, error.message)
    return jsonify(error.body()), error.status


def _http_error(error):
    code = error.name.lower().replace(" ", "-")
    return jsonify({"error": code, "message": error.description}), error.code


def _database_error(error):
    logger.exception("the database failed")
    return _api_error(Unavailable("the database is not available", cause=str(error)))
