"""Prints coverage.py's view of each source named on standard input, one JSON object a line.

Usage: python dump.py arcs|all < list-of-paths

coverage.py 7.17.3's default patterns are given to every version, so that older ones can be compared.
A source that coverage.py rejects gives its message as "problem"; where coverage.py itself fails, "failure".
"""

import ast
import functools
import json
import sys
import types
import typing
from importlib.machinery import PathFinder, SourceFileLoader

GENERIC = {"dict", "frozenset", "list", "set", "tuple", "type"}
GENERIC |= {"Callable", "Collection", "Iterable", "Iterator", "Mapping", "Sequence"}


class BareTypes(ast.NodeTransformer):
    """`dict[str, int]` is `dict`."""

    def visit_Subscript(self, node):
        self.generic_visit(node)
        is_type = isinstance(node.value, ast.Name) and node.value.id in GENERIC
        return node.value if is_type else node


class BareTypesLoader(SourceFileLoader):
    def get_code(self, name):
        tree = ast.parse(self.get_data(self.path))
        return compile(BareTypes().visit(tree), self.path, "exec")


class BareTypesFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] != "coverage":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = BareTypesLoader(name, spec.origin)
        return spec


if sys.version_info[:2] == (3, 10):
    # coverage.py 7.17.3 wants 3.11 for its configuration and type hints alone, which play no part here.
    typing.Never = typing.NoReturn
    tomllib = types.ModuleType("tomllib")
    tomllib.TOMLDecodeError = ValueError
    sys.modules["tomllib"] = tomllib

if sys.version_info[:2] == (3, 8):
    # coverage.py 7.10.7 wants 3.9 for types that can be subscripted and for functools.cache alone.
    functools.cache = functools.lru_cache(maxsize=None)
    sys.meta_path.insert(0, BareTypesFinder)

from coverage.parser import PythonParser
from coverage.python import get_python_source

EXCLUDE = [
    r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)",
    r"^\s*(((async )?def .*?)?[\])]+(\s*->.*?)?:\s*)?\.\.\.\s*(#|$)",
    r"^\s*if (typing\.)?TYPE_CHECKING:",
]
PARTIAL = [
    r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(branch|BRANCH)",
    r"^\s*while (True|1|False|0):",
    r"^\s*if (True|1|False|0):",
]


def join(patterns):
    return "|".join("(?:%s)" % pattern for pattern in patterns)


def spans(multiline):
    """First and last line of each statement with several lines."""
    last = {}
    for line, first in multiline.items():
        last[first] = max(line, last.get(first, 0))
    return sorted(last.items())


def dump(path, depth):
    out = {"path": path}
    parser = PythonParser(filename=path, exclude=join(EXCLUDE))
    parser.parse_source()
    out["statements"] = sorted(parser.statements)
    out["excluded"] = sorted(parser.excluded)
    out["arcs"] = sorted(parser.arcs())
    out["exit_counts"] = sorted(parser.exit_counts().items())
    several = {line for line, count in out["exit_counts"] if count > 1}
    ways = [arc for arc in out["arcs"] if arc[0] in several]
    out["words"] = [parser.arc_description(*arc) for arc in ways]
    if depth == "arcs":
        return out
    from coverage.regions import code_regions

    out["no_branch"] = sorted(parser.lines_matching(join(PARTIAL)))
    out["multiline"] = spans(parser.multiline_map)
    regions = code_regions(get_python_source(path))
    for kind, key in [("function", "functions"), ("class", "classes")]:
        out[key] = [
            {"name": region.name, "start": region.start, "lines": sorted(region.lines)}
            for region in regions
            if region.kind == kind
        ]
    return out


def main():
    depth = sys.argv[1]
    for path in sys.stdin.read().splitlines():
        try:
            out = dump(path, depth)
        except Exception as error:
            kind = "problem" if type(error).__name__ == "NotPython" else "failure"
            out = {"path": path, kind: "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(out, separators=(",", ":")))


if __name__ == "__main__":
    main()
