"""The products, in memory."""

import itertools

_products = {}
_numbers = itertools.count(1)


def everything():
    return [_products[number] for number in sorted(_products)]


def add(name, cents):
    number = next(_numbers)
    _products[number] = {"id": number, "name": name, "cents": cents, "stock": 0}
    return _products[number]


def find(number):
    return _products.get(number)


def remove(number):
    del _products[number]
