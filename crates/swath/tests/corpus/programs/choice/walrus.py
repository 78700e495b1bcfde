def f(text):
    if (size := len(text)) > 2:  # cov: 1/2
        return size
    return 0  # cov: miss


f("abc")
