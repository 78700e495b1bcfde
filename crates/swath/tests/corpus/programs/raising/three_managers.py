class Manager:
    def __init__(self, swallows):
        self.swallows = swallows

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return self.swallows


def nested(flag):
    with Manager(True), Manager(False), Manager(False):
        if flag:
            raise KeyError
        if not flag.real:  # cov: 1/2
            x = 1


def last(flag):
    with Manager(False), Manager(False), Manager(True):
        for x in flag:
            int(x)
    return 1


nested(1)
nested(0)
last(["1"])
last(["z"])
