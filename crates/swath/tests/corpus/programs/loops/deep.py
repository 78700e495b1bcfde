for a in range(2):
    for b in range(2):
        for c in range(2):
            for d in range(2):
                for e in range(2):
                    for f in range(2):
                        if a and b and c:
                            if d:
                                continue
                        x = f
y = x
