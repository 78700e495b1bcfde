from contextlib import nullcontext

while True:
    with nullcontext():
        x = 1
        break
y = x
