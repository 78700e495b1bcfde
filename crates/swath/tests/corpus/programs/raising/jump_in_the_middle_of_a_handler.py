# python: 3.8-3.13
def fail():
    raise OSError


def run(x):
    try:
        try:
            if x:
                raise KeyError
        except (KeyError,  # cov: 0/2
            ValueError) as e: return fail(
        ); x = 2
    except OSError:
        pass
    x = 1


run(True)
run(False)
