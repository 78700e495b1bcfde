# python: 3.10-
def f(x):
    match x:
        case [int(), {"key": [1, *_]}]:
            match x[0]:
                case 1:  # cov: 1/2
                    return 1
                case _:  # cov: miss
                    return 2  # cov: miss
        case _:
            return 3


f([1, {"key": [1, 2]}])
f(0)
