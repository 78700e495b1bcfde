# python: 3.10-
while True:
    match 1:
        case 1:  # cov: 1/2
            break
z = 1
