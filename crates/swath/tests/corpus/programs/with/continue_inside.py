from contextlib import nullcontext

for x in range(3):
    with nullcontext():
        if x:
            continue
        y = x
z = 1
