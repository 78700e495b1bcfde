def fail():
    raise KeyError
def leave():
    try:
        return fail(); raise ValueError; x = 1  # cov: 1/2
    except KeyError:
        return 1
leave()
