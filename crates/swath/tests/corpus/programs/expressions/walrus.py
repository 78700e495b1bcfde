if (n := 3) > 2:  # cov: 1/2
    y = n
z = [m for x in range(3) if (m := x)]
