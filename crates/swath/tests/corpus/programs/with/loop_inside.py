from contextlib import nullcontext

with nullcontext():
    for x in range(2):
        y = x
z = 1
