import gc


class Box:
    def __del__(self):
        x = 1


box = Box()
del box
gc.collect()
