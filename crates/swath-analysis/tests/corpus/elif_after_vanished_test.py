try:
    pass
finally:
    if not 1:
        try:
            pass
        finally:
            pass
    elif (0 or x) and y:
        pass
if 0 and x:
    pass
elif ~0: # PRAGMA NO COVER
    pass
