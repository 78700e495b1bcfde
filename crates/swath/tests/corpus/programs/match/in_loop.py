# python: 3.10-
total = 0
for x in (1, 2, 3, 4):  # cov: 1/2
    match x:
        case 1:
            continue
        case 4:
            break
        case _:
            total += x
y = total
