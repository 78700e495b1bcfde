from contextlib import nullcontext

with nullcontext(): x = 1
y = x
