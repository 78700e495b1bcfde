from contextlib import nullcontext

for x in range(3):  # cov: 1/2
    with nullcontext():
        if x:
            break
    y = x
z = 1
