class Fails:
    def __bool__(self):
        raise KeyError


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return kind is KeyError


def choose(flag):
    with Swallows():
        result = 0
        if flag:  # cov[3.8-3.9]: 1/2  # cov[3.14-]: 1/2
            result = 1
    return result


def repeat(flags):
    with Swallows():
        while flags.pop():  # cov[3.8-3.9]: 1/2  # cov[3.14-]: 1/2
            result = 1
    return 2  # cov: miss


choose(True)
choose(Fails())
repeat([True])
