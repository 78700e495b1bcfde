"""doc
ring"""
with x:
    pass
match f(x):
    case 1 if ():
        pass
    case {'k': v} if False:
        def f(
            y=2):
            pass
