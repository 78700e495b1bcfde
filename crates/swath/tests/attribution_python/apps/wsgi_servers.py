"""Servers that are part of a program: `wsgi_servers.py SERVER PORT`."""

import sys

from importlib import import_module

server, name, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
app = import_module(name).app

if server == "wsgiref":
    from wsgiref.simple_server import make_server

    make_server("127.0.0.1", port, app).serve_forever()
elif server == "waitress":
    import waitress

    waitress.serve(app, host="127.0.0.1", port=port)
elif server == "werkzeug":
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", port, app, threaded=True)
