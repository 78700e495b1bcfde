import sys


def f():
    return 1


sys.setprofile(lambda *args: None)
f()
sys.setprofile(None)
x = 1
