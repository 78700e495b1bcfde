try:
    from os import no_such_name
except ImportError:
    from os import sep as no_such_name
else:
    x = 1  # cov: miss
