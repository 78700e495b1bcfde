"""Runs one workload; prints the CPU seconds that it took with its import and its children, and
those of the process."""

import importlib
import os
import sys
import time


def of_children():
    used = os.times()
    return used.children_user + used.children_system


start = time.process_time()
importlib.import_module(sys.argv[1]).run()
end = time.process_time()
print("cpu", end - start + of_children(), end)
