from enum import Enum


class Colour(Enum):
    RED = 1
    GREEN = 2

    def is_red(self):
        return self is Colour.RED


Colour.RED.is_red()
