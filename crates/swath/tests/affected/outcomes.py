"""A plugin of pytest: writes how each phase of each test ended, a line each, into the file that OUTCOMES names."""
import os


def pytest_runtest_logreport(report):
    with open(os.environ['OUTCOMES'], 'a') as out:
        out.write(f'{report.nodeid}\t{report.when}\t{report.outcome}\n')
