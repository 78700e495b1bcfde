import warnings
warnings.simplefilter("ignore")
SOURCE = """
def f():
    try:
        raise ValueError
    finally:
        return 1
f()
"""
exec(compile(SOURCE, "<text>", "exec"), {})
