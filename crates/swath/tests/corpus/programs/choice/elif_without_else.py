def name(x):
    text = ""
    if x == 1:
        text = "one"
    elif x == 2:  # cov: 1/2
        text = "two"
    return text


name(1)
name(2)
