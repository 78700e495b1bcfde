import sys

if sys.version_info >= (3, 0):  # cov: 1/2
    x = 1
else:
    x = 2  # cov: miss
