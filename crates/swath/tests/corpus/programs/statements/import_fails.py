try:
    import no_such_module_anywhere
    x = 1  # cov: miss
except ImportError:
    x = 2
