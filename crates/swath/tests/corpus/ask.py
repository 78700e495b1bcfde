"""Prints what coverage.py makes of each measured program, one JSON object a line.

Usage: python ask.py RCFILE DATAFILE PROGRAM-LIST
"""

import json
import sys
import types
import typing

if sys.version_info[:2] == (3, 10):
    # coverage.py 7.17.3 wants 3.11 for its configuration and type hints alone, which play no part here.
    typing.Never = getattr(typing, "Never", typing.NoReturn)
    if "tomllib" not in sys.modules:
        sys.modules["tomllib"] = types.ModuleType("tomllib")
        sys.modules["tomllib"].TOMLDecodeError = ValueError

import coverage


def branches(analysis):
    def exits(arcs):
        return sorted([line, to] for line, ends in arcs.items() for to in ends)

    return {
        "stats": [[line, taken, total] for line, (total, taken) in sorted(analysis.branch_stats().items())],
        "missing": exits(analysis.missing_branch_arcs()),
        "executed": exits(analysis.executed_branch_arcs()),
        "partial": analysis.numbers.n_partial_branches,
    }


def main(rc_file, data_file, listed):
    asked = coverage.Coverage(config_file=rc_file, data_file=data_file)
    asked.load()
    with open(listed) as names:
        programs = names.read().split()
    for program in programs:
        try:
            analysis = asked._analyze(program)
            out = {
                "statements": sorted(analysis.statements),
                "missing": sorted(analysis.missing),
                "excluded": sorted(analysis.excluded),
                "branches": branches(analysis),
            }
        except AssertionError:
            # coverage.py has assertions about `with` that do not always hold.
            out = None
        print(json.dumps([program, out]))


main(*sys.argv[1:])
