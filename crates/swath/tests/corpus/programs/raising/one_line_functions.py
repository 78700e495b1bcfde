class Shape:
    def area(self): raise NotImplementedError  # cov[3.14-]: 1/2

    def name(self): return int("z")  # cov[3.14-]: 1/2

    def sides(self): return 4


shape = Shape()
for method in (shape.area, shape.name, shape.sides):
    try:
        method()
    except (NotImplementedError, ValueError):
        pass
