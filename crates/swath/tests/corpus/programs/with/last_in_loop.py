from contextlib import nullcontext

for x in range(3):
    with nullcontext():
        y = x
z = 1
