"""A pytest plugin around coverage.py's own tests: notes which tests use the command line, puts another
program in the command's place, and records what each command line of a report found in its folder.

The environment says what to do: SWATH_CONFORMANCE_NOTES is the folder for what is noted;
SWATH_CONFORMANCE_STORE, if set, the folder for what is recorded, of what happens in folders under
SWATH_CONFORMANCE_TEMPORARY. A program of the name `coverage` is
expected first on PATH; run as a program, this file is that command while it is recorded.
"""

import json
import os
import shutil
import sys
import uuid

NOTES = os.environ.get("SWATH_CONFORMANCE_NOTES")
STORE = os.environ.get("SWATH_CONFORMANCE_STORE")
VERBS = ("report", "xml", "json", "lcov", "annotate", "combine", "debug")
MOST_FILES = 300


def current_test():
    return os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" ", 1)[0]


def note(name, value):
    with open(os.path.join(NOTES, f"{name}-{os.getpid()}.jsonl"), "a") as file:
        file.write(json.dumps(value) + "\n")


def record(arguments, rc=None, data=None):
    """Copies the current folder, with what a command line of a report will find in it."""
    if not arguments or arguments[0] not in VERBS or arguments[:2] == ["debug", "sys"]:
        return
    here = os.getcwd()
    if not here.startswith(os.environ["SWATH_CONFORMANCE_TEMPORARY"] + os.sep):
        return
    if sum(len(files) for _, _, files in os.walk(here)) > MOST_FILES:
        return
    folder = os.path.join(STORE, uuid.uuid4().hex)
    os.makedirs(folder)
    files = os.path.join(folder, "files")
    shutil.copytree(here, files, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    if rc is not None:
        with open(os.path.join(files, "conformance.rc"), "w") as file:
            file.write(rc)
    if data is not None:
        from coverage import CoverageData

        target = os.path.join(files, "conformance.data")
        copied = CoverageData(basename=target)
        copied.update(data)
        copied.write()
        copied.close()
    environment = {
        name: value
        for name, value in os.environ.items()
        if (name.startswith("COVERAGE_") or name in ("COLUMNS", "PYTHONPATH")) and name != "COVERAGE_TESTING"
    }
    case = {"test": current_test(), "folder": here, "arguments": arguments, "environment": environment}
    with open(os.path.join(folder, "case.json"), "w") as file:
        json.dump(case, file)


def as_rc(config):
    """The settings as a configuration file: those that are not the default."""
    from coverage.config import CoverageConfig

    plain, sections = CoverageConfig(), {}

    def put(where, value):
        section, option = where.split(":")
        if isinstance(value, (list, tuple)):
            value = "".join("\n    " + str(item).replace("\n", "\n    ") for item in value)
        sections.setdefault(section, {})[option] = str(value).replace("$", "$$")

    for attribute, where, *_ in CoverageConfig.CONFIG_FILE_OPTIONS:
        value = getattr(config, attribute)
        if value != getattr(plain, attribute) and value is not None and attribute != "parallel":
            put(where, value)
    for name, paths in config.paths.items():
        put(f"paths:{name}", paths)
    put("run:data_file", "conformance.data")
    lines = []
    for section, options in sections.items():
        lines.append(f"[{section}]")
        lines.extend(f"{option} = {value}" for option, value in options.items())
    return "\n".join(lines) + "\n"


# What a function of the API takes, and the setting that says the same.
SETTINGS = {
    "ignore_errors": "ignore_errors",
    "omit": "report_omit",
    "include": "report_include",
    "contexts": "report_contexts",
    "skip_covered": "skip_covered",
    "skip_empty": "skip_empty",
    "show_missing": "show_missing",
    "precision": "precision",
    "sort": "sort",
    "output_format": "format",
    "pretty_print": "json_pretty_print",
    "show_contexts": "json_show_contexts",
}
METHODS = {
    "report": "report",
    "xml_report": "xml",
    "json_report": "json",
    "lcov_report": "lcov",
    "annotate": "annotate",
}


def record_call(coverage, verb, morfs, options):
    import copy

    config = copy.deepcopy(coverage.config)
    for name, value in options.items():
        if name in SETTINGS and value is not None:
            setattr(config, SETTINGS[name], value)
    arguments = [verb, "--rcfile=conformance.rc"]
    output = options.get("outfile")
    if output is not None:
        arguments.append(f"-o={output}" if output == "-" else f"--output={output}")
        arguments[-1:] = ["-o", output]
    if options.get("directory") is not None:
        arguments.append("--directory=" + options["directory"])
    morfs = [morfs] if morfs is not None and not isinstance(morfs, (list, tuple)) else morfs or []
    arguments.extend(morf if isinstance(morf, str) else morf.__file__ for morf in morfs)
    record(arguments, as_rc(config), coverage.get_data())


def hook_api():
    """Records what the functions of the API are asked for, as the command line that asks the same."""
    import functools
    import inspect

    from coverage import Coverage
    from coverage.cmdline import CoverageScript

    inside = []

    def hooked(original, before):
        signature = inspect.signature(original)

        @functools.wraps(original)
        def wrapper(self, *arguments, **keywords):
            if not inside:
                inside.append(True)
                try:
                    bound = dict(signature.bind(self, *arguments, **keywords).arguments)
                    bound.pop("self", None)
                    before(self, bound)
                except Exception as error:
                    note("unrecorded", [current_test(), repr(error)])
                finally:
                    inside.pop()
            inside.append(True)
            try:
                return original(self, *arguments, **keywords)
            finally:
                inside.pop()

        return wrapper

    for method, verb in METHODS.items():
        def before(self, bound, verb=verb):
            record_call(self, verb, bound.pop("morfs", None), bound)

        setattr(Coverage, method, hooked(getattr(Coverage, method), before))

    def before_line(self, bound):
        record(list(bound["argv"]))

    CoverageScript.command_line = hooked(CoverageScript.command_line, before_line)


def pytest_configure(config):
    """Makes `python -m coverage` the command, and notes who uses it."""
    from tests.coveragetest import CoverageTest

    original = CoverageTest.run_command_status

    def run_command_status(self, cmd):
        if cmd.startswith("python -m coverage "):
            cmd = cmd.replace("python -m coverage", "coverage", 1)
        if cmd.split()[0] == "coverage":
            note("uses", current_test())
        return original(self, cmd)

    CoverageTest.run_command_status = run_command_status
    if STORE:
        hook_api()


def pytest_runtest_logreport(report):
    if "PYTEST_XDIST_WORKER" not in os.environ and (report.when == "call" or report.outcome != "passed"):
        note("outcomes", [report.nodeid.rsplit("@", 1)[0], report.outcome, report.when])


if __name__ == "__main__":
    try:
        record(sys.argv[1:])
    except Exception as error:
        note("unrecorded", [current_test(), repr(error)])
    os.execv(os.environ["SWATH_CONFORMANCE_REAL"], ["coverage", *sys.argv[1:]])
