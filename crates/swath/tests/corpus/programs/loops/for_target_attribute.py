class Place:
    pass


for Place.x in range(2):
    y = Place.x
