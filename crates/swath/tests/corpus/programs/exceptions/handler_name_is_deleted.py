try:
    1 / 0
except ZeroDivisionError as error:
    x = error
try:
    error
except NameError:
    y = 1
