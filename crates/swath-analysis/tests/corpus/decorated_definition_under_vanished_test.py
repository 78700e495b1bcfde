"""Module docstring.
"""
if 1:
    @d.e
    class C(
        B):
        pass
for x in f(y):
    if -1:
        @d.e
        def f():
            pass
    @d(
1)
    def f(
        y=2):
        pass
if b'':
    @d
    def f(
        y=2):
        pass
