from contextlib import ExitStack, nullcontext

with ExitStack() as stack:
    for x in range(2):
        stack.enter_context(nullcontext(x))
y = 1
