"""Measures every process of the server where COVERAGE_PROCESS_START is set."""

try:
    import coverage
except ImportError:
    pass
else:
    coverage.process_startup()
