"""What RESTX adds to the routes that a program has."""

import asking
from flask import Flask
from flask_restx import Api, Resource

application = Flask(__name__)
api = Api(application)


@api.route("/cats/<int:number>", "/by/<name>")
class Cat(Resource):
    def get(self, **_given):
        return {}

    def post(self, **_given):
        return {}, 201


if __name__ == "__main__":
    for path in ["/cats/3", "/swagger.json"]:
        asking.wsgi(application, "GET", path)
