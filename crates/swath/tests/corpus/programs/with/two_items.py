from contextlib import nullcontext

with nullcontext(1) as x, nullcontext(2) as y:
    z = x + y
w = z
