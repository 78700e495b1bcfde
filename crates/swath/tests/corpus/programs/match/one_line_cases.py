# python: 3.10-
for x in (1, 2):
    match x:
        case 1: y = 1
        case _: y = 2
