#!/bin/sh
# Joins what the processes of the server wrote, and reports it.
set -eu
cd "$(dirname "$0")"
COVERAGE="${COVERAGE:-coverage}"
export COVERAGE_RCFILE=test/system/.coveragerc
export COVERAGE_FILE=.coverage
"$COVERAGE" combine coverage_data
"$COVERAGE" report --skip-covered --skip-empty --show-missing
"$COVERAGE" html --skip-covered --directory htmlcov
