"""Runs more and more functions, and says of each that it ran, until it is killed."""
import os
import random
import sys

folder = sys.argv[1]
body = []
for number in range(4000):
    body.append("def f%d(x):\n    y = x + %d\n    return y\n" % (number, number))
name = os.path.join(folder, "many.py")
if not os.path.exists(name):
    with open(name + ".new", "w") as out:
        out.write("".join(body))
    os.rename(name + ".new", name)
sys.path.insert(0, folder)
import many

random.seed(int(sys.argv[2]))
log = os.open(os.path.join(folder, "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
order = list(range(4000))
random.shuffle(order)
for step, number in enumerate(order):
    getattr(many, "f%d" % number)(1)
    os.write(log, b"%d\n" % number)
    if step % 500 == 250 and os.fork() == 0:
        random.shuffle(order)
os.write(log, b"end\n")
import time
time.sleep(30)
