f(
)
match x:
    case (1 |
          2):
        if True:
            pass
        else:
            x = '''a
b'''
            with x: y
