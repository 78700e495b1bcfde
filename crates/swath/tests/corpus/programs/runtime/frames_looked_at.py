import sys


def f():
    frame = sys._getframe()
    return frame.f_lineno, frame.f_back.f_lineno


f()
