if __debug__:
    x = 1
else:
    x = 2  # cov: none  # cov[3.8-3.9]: hit
