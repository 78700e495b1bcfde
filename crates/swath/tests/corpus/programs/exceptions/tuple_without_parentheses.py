# python: 3.14-
try:
    1 / 0
except ValueError, ZeroDivisionError:
    x = 1
