import os

import shapes


def note():
    with open("workers", "a") as workers:
        workers.write("%d\n" % os.getpid())


def test_square():
    note()
    assert shapes.square(2) == 4


def test_rectangle():
    note()
    assert shapes.rectangle(2, 3) == 6


def test_triangle():
    note()
    assert shapes.triangle(2, 3) == 3


def test_circle():
    note()
    assert shapes.circle(2) == 12
