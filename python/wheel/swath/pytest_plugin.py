"""A plugin of pytest: `pytest --swath` measures as `swath run -m pytest` does, and reports at the end.

It does nothing unless it is asked. Where pytest-cov is not installed, its options are understood as well.

A Python cannot be measured from its start by what is loaded into it later: pytest is started a second time, under
swath, before it has read a `conftest.py`. The first one waits, and writes the reports.
"""

import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings

import pytest

from swath import find_swath

# Set in the pytest that runs under swath: it does not start another one.
UNDER_SWATH = "SWATH_PYTEST"

# Reports by their names, and the option that says where each is written.
FILES = {"html": "--directory", "annotate": "--directory", "xml": "-o", "json": "-o", "lcov": "-o"}
ON_TERMINAL = ("term", "term-missing")
# Those of which swath judges the total. The gate is judged once, and that of the options wins over the settings'.
JUDGED = ("html", "xml", "json", "lcov")
NO_GATE = ["--fail-under=0"]
MARKDOWN = ("markdown", "markdown-append")

# Options with which pytest runs no test.
SHOWS_ONLY = ("help", "version", "collectonly", "showfixtures", "show_fixtures_per_test", "markers", "setupplan")

NO_SUCH_CONTEXT = (
    "--cov-context=%s: `test` is the only context; to label what a whole run reaches: "
    "`swath run --context NAME -m pytest`"
)

# What pytest exits with when tests failed.
TESTS_FAILED = 1
# What swath exits with when the total is below `--fail-under`.
BELOW_FAIL_UNDER = 2


def has_pytest_cov():
    return importlib.util.find_spec("pytest_cov") is not None


def pytest_addoption(parser):
    group = parser.getgroup("swath", "coverage of running systems (swath)")
    group.addoption("--swath", action="store_true", help="measure with swath, and report at the end")
    if has_pytest_cov():
        return
    add = group.addoption
    add(
        "--cov",
        action="append",
        nargs="?",
        const=True,
        default=[],
        metavar="SOURCE",
        dest="cov_source",
        help="measure with swath; a folder or package, may be repeated",
    )
    add(
        "--cov-report",
        action="append",
        default=[],
        metavar="TYPE",
        type=report_type,
        help="term, term-missing, markdown, markdown-append, html, xml, json, lcov or annotate; `:DEST` says where "
        "it is written, `:skip-covered` what is left out of term and term-missing; '' is none [default: term]",
    )
    add("--cov-branch", action="store_true", help="measure branches as well")
    add("--cov-append", action="store_true", help="add to the data file")
    add("--cov-config", metavar="PATH", help="the configuration file of coverage.py")
    add("--cov-context", metavar="CONTEXT", help="test: record which test reached a line")
    add("--cov-fail-under", metavar="MIN", type=float, help="fail if the total is below MIN")
    add("--no-cov", action="store_true", help="measure nothing, whatever else is asked")


def report_type(text):
    """The kind of a report, and where it is written."""
    import argparse

    kind, _, where = text.partition(":")
    known = ON_TERMINAL + MARKDOWN + tuple(FILES)
    if kind and kind not in known:
        raise argparse.ArgumentTypeError("%r is not a report; the reports are %s" % (kind, ", ".join(known)))
    if kind in ON_TERMINAL and where not in ("", "skip-covered"):
        raise argparse.ArgumentTypeError("%r: a report on the terminal is only told `:skip-covered`" % text)
    return kind, where


class Wishes:
    """What the options ask for."""

    def __init__(self, options):
        self.sources = getattr(options, "cov_source", [])
        self.reports = [report for report in getattr(options, "cov_report", []) or [] if report[0]]
        if not getattr(options, "cov_report", None):
            self.reports = [("term", "")]
        self.branch = getattr(options, "cov_branch", False)
        self.append = getattr(options, "cov_append", False)
        self.config = getattr(options, "cov_config", None)
        self.context = getattr(options, "cov_context", None)
        self.fail_under = getattr(options, "cov_fail_under", None)
        # The options of pytest-cov are its own where it is installed.
        self.measures = (options.swath or bool(self.sources)) and not getattr(options, "no_cov", False)

    def of_measuring(self):
        """The options of `swath run`."""
        named = [source for source in self.sources if source is not True]
        words = ["--source=" + ",".join(named)] if named else []
        words += ["--branch"] if self.branch else []
        words += ["--append"] if self.append else []
        words += ["--attribution"] if self.context == "test" else []
        return words + self.of_settings()

    def of_settings(self):
        return ["--rcfile=" + self.config] if self.config else []

    def of_gate(self):
        return [] if self.fail_under is None else ["--fail-under=%r" % self.fail_under]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    options = early_config.known_args_namespace
    if os.environ.get(UNDER_SWATH) or any(getattr(options, name, False) for name in SHOWS_ONLY):
        return
    # With pytest-cov, `--cov` is not ours.
    wishes = Wishes(options) if not has_pytest_cov() else Wishes(OnlySwath(options))
    if not wishes.measures:
        return
    if wishes.context not in (None, "test"):
        raise pytest.UsageError(NO_SUCH_CONTEXT % wishes.context)
    arguments = [str(argument) for argument in early_config.invocation_params.args]
    capture = early_config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    raise SystemExit(measure_and_report(wishes, arguments))


class OnlySwath:
    """Options of which only `--swath` is this plugin's."""

    def __init__(self, options):
        self.swath = options.swath
        # Without `--cov` nobody but swath could mean it.
        self.cov_context = None if getattr(options, "cov_source", None) else getattr(options, "cov_context", None)


def measure_and_report(wishes, arguments):
    swath = find_swath()
    command = [swath, "run", "--python", sys.executable] + wishes.of_measuring() + how_pytest_was_called() + arguments
    code = wait_for(command, dict(os.environ, **{UNDER_SWATH: "1"}))
    # pytest's own codes for tests that ran; anything else has nothing to report.
    if code not in (0, TESTS_FAILED):
        return code
    failed = report(swath, wishes)
    return code or failed


def how_pytest_was_called():
    """`pytest` and `python -m pytest` differ in what stands first on the path."""
    called = sys.argv[0] if sys.argv else ""
    name = os.path.basename(called)
    if os.path.isfile(called) and name in ("pytest", "py.test"):
        return [called]
    return ["-m", "pytest"]


def wait_for(command, environment):
    child = subprocess.Popen(command, env=environment)
    previous = signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
    try:
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:
                # The terminal sent it to the child as well, which decides what it means.
                continue
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 128 - code if code < 0 else code


def report(swath, wishes):
    """Writes the reports; gives 1 if one cannot be written, or if the total is too low."""
    code = 0
    judged = False
    for kind, where in wishes.reports:
        if kind in ON_TERMINAL:
            words = ["report"] + (["--show-missing"] if kind == "term-missing" else [])
            words += ["--skip-covered"] if where else []
            # What is too low is said once.
            code = max(code, show(swath, words + (NO_GATE if judged else wishes.of_gate()), wishes, judged))
            judged = True
        elif kind in MARKDOWN:
            with open(where or "coverage.md", "a" if kind == "markdown-append" else "w") as file:
                code = max(code, show(swath, ["report", "--format=markdown"] + NO_GATE, wishes, True, file))
        else:
            words = [kind] + ([FILES[kind], where] if where else []) + (NO_GATE if kind in JUDGED else [])
            code = max(code, said(subprocess.call([swath] + words + wishes.of_settings())))
    if not judged:
        # Without a table, the gate of the options and those of the settings still hold.
        words = [swath, "report", "--format=total"] + wishes.of_gate() + wishes.of_settings()
        answer = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        if answer.returncode:
            # On standard output stands the total, or else why there is none.
            reason = "" if answer.returncode == BELOW_FAIL_UNDER else answer.stdout
            sys.stderr.write(reason + answer.stderr)
        code = max(code, said(answer.returncode))
    return code


def show(swath, words, wishes, is_judged, file=None):
    """A report that swath's gates hold for; of one that is judged elsewhere, what they say is left out."""
    command = [swath] + words + wishes.of_settings()
    if not is_judged:
        return said(subprocess.call(command, stdout=file))
    answer = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, universal_newlines=True)
    if answer.returncode == BELOW_FAIL_UNDER:
        return 0
    sys.stderr.write(answer.stderr)
    return said(answer.returncode)


def said(code):
    """An exit code of a report as pytest has them."""
    return TESTS_FAILED if code else 0


@pytest.fixture(scope="session")
def swath_services(tmp_path_factory):
    """Starts the services of `swath.toml`, waits until they are ready, and stops them after the last test.

    Workers of pytest-xdist share them: the first one that needs them starts them, and stops them after the last test
    of all.
    """
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        with Services():
            yield
        return
    # The folder that the workers' own are in.
    shared = Shared(str(tmp_path_factory.getbasetemp().parent))
    try:
        shared.join()
        yield
    finally:
        shared.leave()


class Services:
    """The services of `swath.toml`, running."""

    def __enter__(self):
        # A file, not a pipe: nobody reads while the services run.
        self.said = tempfile.TemporaryFile()
        command = [find_swath(), "services"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said)
        try:
            if self.process.stdout.readline() != b"ready\n":
                self.process.wait()
                pytest.fail(self.text(), pytrace=False)
            text = self.text()
            if text:
                # Where warnings are errors, this one raises.
                warnings.warn(pytest.PytestWarning(text))
        except BaseException:
            self.__exit__()
            raise
        return self

    def text(self):
        # The program writes at the place where this one reads.
        length = os.fstat(self.said.fileno()).st_size
        return os.pread(self.said.fileno(), length, 0).decode(errors="replace").strip()

    def __exit__(self, *_):
        # The end of its input is what it waits for.
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.said.close()


class Shared:
    """Services that several processes use. Locks end with the process that holds them, however it ends."""

    def __init__(self, folder):
        # Held while one decides whether to start or stop them; by the one that runs them; by all that use them.
        names = ("swath-decision", "swath-running", "swath-users")
        self.decision, self.running, self.users = (open(os.path.join(folder, name), "a") for name in names)
        self.services = None

    def join(self):
        fcntl.flock(self.decision, fcntl.LOCK_EX)
        try:
            if try_lock(self.running):
                services = Services()
                services.__enter__()
                self.services = services
            fcntl.flock(self.users, fcntl.LOCK_SH)
        finally:
            fcntl.flock(self.decision, fcntl.LOCK_UN)

    def leave(self):
        fcntl.flock(self.users, fcntl.LOCK_UN)
        while self.services is not None:
            fcntl.flock(self.decision, fcntl.LOCK_EX)
            if try_lock(self.users):
                self.services.__exit__()
                self.services = None
            else:
                fcntl.flock(self.decision, fcntl.LOCK_UN)
                time.sleep(0.05)
        for file in (self.users, self.running, self.decision):
            file.close()


def try_lock(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
