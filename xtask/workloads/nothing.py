"""Nothing: what is left is the start of the interpreter and of the tool."""


def run():
    pass
