if (1,):
    x = lambda a, b=1: a
    try:
        pass
    except E as e:
        pass
elif False:
    def f(
        y=2):
        pass
else:
    x = '''a
b'''
