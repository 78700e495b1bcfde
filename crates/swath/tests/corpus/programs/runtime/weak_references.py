import weakref


class Box:
    pass


def gone(reference):
    x = 1


box = Box()
reference = weakref.ref(box, gone)
del box
