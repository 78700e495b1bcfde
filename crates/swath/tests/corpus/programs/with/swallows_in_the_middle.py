from contextlib import suppress

with suppress(ZeroDivisionError):
    x = 1
    1 / 0
    x = 2  # cov: miss  # cov[3.9]: hit
y = x
