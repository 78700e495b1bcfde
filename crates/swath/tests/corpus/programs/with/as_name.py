from contextlib import nullcontext

with nullcontext(1) as x:
    y = x
z = y
