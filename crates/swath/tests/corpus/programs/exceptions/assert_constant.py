assert True
assert 1, "text"
try:
    assert 0
    x = 1  # cov: none  # cov[3.8-3.9]: miss
except AssertionError:
    pass
