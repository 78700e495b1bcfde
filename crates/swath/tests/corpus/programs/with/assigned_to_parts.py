from contextlib import nullcontext

with nullcontext((1, 2)) as (x, y):
    z = x
with nullcontext(3) as {}.setdefault("x", [0])[0]:
    z = 4
