# python: 3.11-
x = 0
try:
    raise ExceptionGroup("one", [ValueError(1)])
except* ValueError:
    x = 1
except* KeyError:
    x = 2  # cov: miss
y = x
