"""Runs one workload; prints the CPU seconds that it took with its import, and those of the process."""

import importlib
import sys
import time

start = time.process_time()
importlib.import_module(sys.argv[1]).run()
end = time.process_time()
print("cpu", end - start, end)
