while f'':
    pass
if f'a':
    pass
elif x:
    pass
