def wrap(cls):
    return cls


@wrap
@wrap
class Box:
    x = 1
