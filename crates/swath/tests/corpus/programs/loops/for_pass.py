for x in range(2):
    pass
for x in range(2): pass
