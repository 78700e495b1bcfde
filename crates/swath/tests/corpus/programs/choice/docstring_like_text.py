x = 1
if x:  # cov: 1/2
    "only a text"
else:
    "another"  # cov: miss  # cov[3.8-3.9]: hit
