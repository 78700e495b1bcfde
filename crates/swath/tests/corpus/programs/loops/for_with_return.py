def first(xs):
    for x in xs:  # cov: 1/2
        return x
    return None  # cov: miss


first([1])
