# python: 3.10-
def f(x):
    match x:
        case None:
            return "none"
        case True:
            return "true"
        case False:
            return "false"
        case -1 | 2.5 | 1 + 2j:  # cov: 1/2
            return "number"  # cov: miss
    return "else"


for x in (None, True, False, "x"):
    f(x)
