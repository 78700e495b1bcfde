größe = 1
if größe:  # cov: 1/2
    名前 = "値"
else:
    名前 = ""  # cov: miss
