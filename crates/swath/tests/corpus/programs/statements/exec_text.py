SOURCE = """
x = 1
if x:
    y = 2
"""
exec(SOURCE)
exec(compile("z = 1\nw = 2\n", "somewhere.py", "exec"))
