class Item:
    def __lt__(self, other):
        raise TypeError


try:
    sorted([Item(), Item()])
except TypeError:
    x = 1
