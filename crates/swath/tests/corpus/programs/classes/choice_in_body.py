import sys


class Box:
    if sys.version_info > (3,):  # cov: 1/2
        x = 1
    else:
        x = 2  # cov: miss
    for y in range(2):
        z = y
