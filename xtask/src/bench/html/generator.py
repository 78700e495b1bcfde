"""Data files for `cargo xtask bench html`, written by coverage.py's own library.

generator.py library COUNT [branch]    the first COUNT sources of the standard library, three of four stretches run
generator.py made FILES LINES          FILES small sources in folders, and one of LINES lines
generator.py contexts CONTEXTS LINES   one source of LINES lines, run by CONTEXTS contexts
"""
import hashlib
import os
import sys

from coverage import CoverageData
from coverage.parser import PythonParser

STRETCH = 10
FUNCTION = """\
def function_{0}(first, second=None):
    \"\"\"What it does.\"\"\"
    if first is None:  # rarely
        return second
    for item in first.items():
        second.append(item[0], name='{0}')
    return sorted(second)


"""


def sources(count):
    """Paths and texts of the standard library, without what is no Python of this version."""
    found = []
    for folder, folders, names in os.walk(os.path.dirname(os.__file__)):
        folders[:] = sorted(set(folders) - {"site-packages", "lib2to3", "__pycache__"})
        found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
    taken = []
    for path in sorted(found):
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            compile(text, path, "exec")
        except (SyntaxError, ValueError):
            continue
        taken.append((path, text))
        if len(taken) == count:
            break
    return taken


def has_run(line):
    return hashlib.md5(b"%d" % (line // STRETCH)).digest()[0] % 4 > 0


def library(data, count, branch):
    for path, text in sources(count):
        ran = {line for line in range(1, text.count("\n") + 2) if has_run(line)}
        if branch:
            parser = PythonParser(text=text, filename=path)
            parser.parse_source()
            arcs = parser.arcs()
            data.add_arcs({path: [arc for arc in arcs if all(end < 0 or end in ran for end in arc)]})
        else:
            data.add_lines({path: ran})


def made(data, files, lines):
    for number in range(files):
        folder = os.path.abspath(f"package_{number % 200}")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"module_{number}.py")
        with open(path, "w") as file:
            file.write(FUNCTION.format(number))
        data.add_lines({path: [1, 3, 5]})
    large(data, lines)


def large(data, lines):
    path = os.path.abspath("large.py")
    with open(path, "w") as file:
        file.write("".join(map(FUNCTION.format, range(lines // FUNCTION.count("\n")))))
    data.add_lines({path: [line for line in range(1, lines + 1) if has_run(line)]})


def contexts(data, count, lines):
    large(data, lines)
    for number in range(count):
        data.set_context(f"test/system/test_shop.py::test_number_{number}|run")
        ran = [line for line in range(1, lines + 1) if (line * 7919 + number * 104729) % 13 < 6]
        data.add_lines({os.path.abspath("large.py"): ran})


if __name__ == "__main__":
    data = CoverageData(".coverage")
    kind, *words = sys.argv[1:]
    if kind == "library":
        library(data, int(words[0]), words[1:] == ["branch"])
    else:
        {"made": made, "contexts": contexts}[kind](data, *map(int, words))
    data.write()
