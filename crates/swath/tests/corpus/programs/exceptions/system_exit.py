import sys


def f():
    sys.exit(3)
    return 1  # cov: miss


try:
    f()
except SystemExit:
    x = 1
