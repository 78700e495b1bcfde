def fail():
    raise ValueError  # cov: miss


x = 0 and fail()
y = 1 or fail()
