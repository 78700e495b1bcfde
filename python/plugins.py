"""Asks the coverage.py of this Python for its plugins: what settings come of them, and what they say of files.

A question is read from standard input, the answer is written to standard output, both as JSON. What plugins print
goes to standard error.
"""

import json
import os
import sys


def set_settings(config, settings):
    for name, value in settings.items():
        if name == "paths":
            value = {name: paths for name, paths in value}
        # Another coverage.py may not have all of them.
        if hasattr(config, name) and name not in ("debug", "debug_file"):
            setattr(config, name, value)


def get_settings(config, names):
    settings = {}
    for name in names:
        if hasattr(config, name):
            value = getattr(config, name)
            if name == "paths":
                value = list(value.items())
            elif isinstance(value, (set, frozenset)):
                value = sorted(value)
            # A copy: a plugin may change what it is given.
            settings[name] = json.loads(json.dumps(value, default=str))
    return settings


def described(error):
    text = "%s: %s" % (error.__class__.__name__, error)
    return text.strip().rstrip(":")


def load(question):
    """A coverage.py with its plugins loaded, and the settings before."""
    import coverage

    cov = coverage.Coverage(config_file=False)
    set_settings(cov.config, question["settings"])
    before = get_settings(cov.config, question["settings"])
    cov._init()
    return cov, before


def settings_of(cov, before):
    plugins = cov._plugins
    after = get_settings(cov.config, before)
    names = lambda kind: [plugin._coverage_plugin_name for plugin in getattr(plugins, kind, ())]
    return {
        "changed": {name: value for name, value in after.items() if value != before[name]},
        "file_tracers": names("file_tracers"),
        "context_switchers": names("context_switchers"),
    }


def pairs(arcs):
    return sorted([int(start), int(end)] for start, end in arcs)


def report(cov, file):
    """What the plugin says of a file that it measured."""
    plugin = cov._plugins.names.get(file["tracer"])
    if plugin is None:
        return {"problem": "no plugin %r is loaded" % file["tracer"]}
    try:
        reporter = plugin.file_reporter(file["path"])
        if not hasattr(reporter, "lines"):
            return {"problem": "the plugin %r has nothing to report it with" % file["tracer"]}
        answer = {
            "statements": sorted(reporter.lines()),
            "excluded": sorted(reporter.excluded_lines()),
            "executed": sorted(reporter.translate_lines(file["lines"])),
            "name": reporter.relative_filename(),
        }
        if file["arcs"] is not None:
            arcs = [tuple(arc) for arc in file["arcs"]]
            answer["possible_arcs"] = pairs(reporter.arcs())
            answer["executed_arcs"] = pairs(reporter.translate_arcs(arcs))
            answer["exit_counts"] = sorted([line, count] for line, count in reporter.exit_counts().items())
            answer["no_branch"] = sorted(reporter.no_branch_lines())
        answer["source"] = reporter.source()
        return answer
    except Exception as error:
        return {"problem": described(error)}



def answer(question):
    try:
        import coverage
    except ImportError:
        return {"no_coverage": True}
    if question["path"] is not None:
        sys.path[0] = question["path"]
    cov = None
    try:
        cov, before = load(question)
        found = settings_of(cov, before)
    except Exception as error:
        return {"problem": described(error), "version": coverage.__version__}
    if "files" in question:
        found["files"] = [report(cov, file) for file in question["files"]]
    found["version"] = coverage.__version__
    return found


def main():
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    question = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    json.dump(answer(question), out)
    out.flush()
    # A thread of a plugin's is not waited for.
    os._exit(0)


main()
