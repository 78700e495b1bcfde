"""Answers questions about patterns: JSON in, JSON out."""

import json
import re
import sys


def globs(question):
    from coverage.files import GlobMatcher, prep_patterns

    prepared = prep_patterns(question["patterns"])
    matcher = GlobMatcher(prepared)
    matches = [matcher.match(path) for path in question["paths"]]
    return {"prepared": prepared, "matches": matches}


def aliases(question):
    from coverage.files import PathAliases

    found = PathAliases(relative=question["relative"])
    for pattern, result in question["rules"]:
        found.add(pattern, result)
    exists = lambda path: question["missing"] not in path
    return {"mapped": [found.map(path, exists=exists) for path in question["paths"]]}


def scope(question):
    from coverage.files import ModuleMatcher, TreeMatcher

    trees = TreeMatcher(question["roots"])
    modules = ModuleMatcher(question["modules"])
    return {
        "trees": [bool(trees.match(path)) for path in question["paths"]],
        "modules": [bool(modules.match(name)) for name in question["names"]],
        "roots": trees.paths,
    }


def regex(question):
    compiled = re.compile(question["pattern"], re.MULTILINE)
    return {
        "spans": [
            [match.span() for match in compiled.finditer(text)] for text in question["texts"]
        ]
    }


def answer(question):
    try:
        return globals()[question["kind"]](question)
    except re.error as error:
        # Only the messages of 3.13 are the ones that are looked for.
        exact = question["kind"] != "regex" or sys.version_info[:2] == (3, 13)
        return {"re.error": str(error) if exact else ""}
    except Exception as error:
        if type(error).__name__ != "ConfigError":
            raise
        return {"error": str(error)}


sys.path[:] = [path for path in sys.path if path]
json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
