def f(x):
    if x:  # cov: 1/2
        print(end="")


f(1)
