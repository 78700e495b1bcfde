from contextlib import nullcontext

x = 0
with nullcontext():
    if x:  # cov: 1/2
        y = 1  # cov: miss
z = 1
