def f():
	if f:  # cov: 1/2
		return 1
	return 2  # cov: miss


f()
