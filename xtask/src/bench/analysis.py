"""Analyses sources with coverage.py as a report with branches does, and prints how many and the CPU seconds.

Usage: python analysis.py < list-of-paths
"""

import sys
import time

from coverage.config import DEFAULT_EXCLUDE, DEFAULT_PARTIAL, DEFAULT_PARTIAL_ALWAYS
from coverage.parser import PythonParser
from coverage.python import get_python_source
from coverage.regions import code_regions


def join(patterns):
    return "|".join("(?:%s)" % pattern for pattern in patterns)


EXCLUDE = join(DEFAULT_EXCLUDE)
PARTIAL = join(DEFAULT_PARTIAL + DEFAULT_PARTIAL_ALWAYS)


def analyze(path):
    parser = PythonParser(filename=path, exclude=EXCLUDE)
    parser.parse_source()
    parser.arcs()
    parser.exit_counts()
    parser.lines_matching(PARTIAL)
    code_regions(get_python_source(path))


def main():
    paths = sys.stdin.read().splitlines()
    start = time.process_time()
    count = 0
    for path in paths:
        try:
            analyze(path)
            count += 1
        except Exception:  # what it cannot analyse, and its own assertions
            pass
    print(count, time.process_time() - start)


main()
