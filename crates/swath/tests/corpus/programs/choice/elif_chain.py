def name(x):
    if x == 1:
        return "one"
    elif x == 2:
        return "two"
    elif x == 3:  # cov: 1/2
        return "three"  # cov: miss
    else:
        return "many"


for x in (1, 2, 9):
    name(x)
