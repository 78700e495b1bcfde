"""Reads configurations with coverage.py: JSON in, JSON out."""

import json
import os
import sys

from coverage.config import read_coverage_config
from coverage.debug import write_formatted_info
from coverage.exceptions import CoverageException


def answer(question):
    os.chdir(question["folder"])
    os.environ.clear()
    os.environ.update(question["environment"])
    rcfile = question["rcfile"]
    warnings = []
    try:
        config = read_coverage_config(True if rcfile is None else rcfile, warnings.append)
    except CoverageException as error:
        return {"error": str(error)}
    except Exception as error:
        return {"crash": f"{type(error).__name__}: {error}"}
    lines = []
    write_formatted_info(lines.append, "config", config.debug_info())
    return {
        "lines": lines,
        "warnings": sorted(warnings),
        "serialized": config.serialize() if question["serialize"] else None,
    }


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
