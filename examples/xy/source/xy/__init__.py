"""xy keeps named points of a plane and answers questions about them over HTTP."""

from flask import Flask

from xy import auth, errors, logs, routes
from xy.config import Settings
from xy.journal import Journal
from xy.store import Store

__version__ = "1.4.0"


def app(settings=None):
    """The WSGI application; gunicorn is given ``xy:app()``."""
    if settings is None:
        settings = Settings.from_environment()
    logs.configure(settings.log_level)

    application = Flask("xy")
    application.json.sort_keys = False
    application.config["XY_SETTINGS"] = settings
    store = Store(settings.database)
    store.prepare()
    application.extensions["xy_store"] = store
    application.extensions["xy_journal"] = Journal(store)

    auth.register(application)
    errors.register(application)
    routes.register(application)
    return application
