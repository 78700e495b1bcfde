def f(xs):
    for x in xs:
        print(end="")


f([1])
