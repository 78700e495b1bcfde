from contextlib import suppress

with suppress(ValueError):
    raise ValueError
    x = 1  # cov: none  # cov[3.8]: miss  # cov[3.9]: hit
y = 1
