# python: 3.8-3.8
def never(first, second):
    with (  # cov: miss
        first,
        second,
    ):
        return 1  # cov: miss


def neither(first):
    with (first,): return [first]  # cov: miss


print("runs")
