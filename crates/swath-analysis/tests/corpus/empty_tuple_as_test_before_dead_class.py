raise E
if x if y else z:
    pass
elif ():
    class C(
        B):
        pass
