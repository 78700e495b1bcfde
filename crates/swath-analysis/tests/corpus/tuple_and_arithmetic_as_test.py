if (1,):
    pass
else:
    pass
while 1 - 1:
    try:
        pass
    finally:
        pass
if ():
    x = '''a
b'''
