raise SystemExit
x = 1  # cov: none  # cov[3.8-3.9]: miss
