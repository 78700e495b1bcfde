def refuse(function):
    raise KeyError


def accept(function):
    return function


for decorator in (refuse, accept):
    try:
        @decorator
        def one(): return 1
        one()
    except KeyError:
        x = 1

try:
    @refuse
    def two(): return 2  # cov: 0/2
except KeyError:
    x = 2

try:
    @refuse
    class Three: x = 3  # cov: 1/2  # cov[3.8-3.10]: hit
finally:
    x = 3
